import type { Kysely } from 'kysely';
import { addValidity } from '#core/calendar.ts';
import type { EpochSeconds } from '#core/clock.ts';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import { type ErrorCode, LicenseError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { Transaction } from '../store/database.ts';
import { type Columns, columnNames, rowsOf, selectRows } from '../store/rows.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import { issuingFor } from './issuing.ts';
import { numberLicenses } from './number-licenses.ts';
import type { Outcome, Requester } from './outcome.ts';
import { preauthorizedApps } from './preauthorization/lists.ts';
import { preauthorized } from './preauthorization/preauthorized.ts';
import { Seats } from './quota.ts';
import { storeLicenses } from './store-licenses.ts';
import { purchaseOf, termsOf } from './terms.ts';

export interface Activation extends Requester {
  readonly cid: string;
  readonly appId: string;
  readonly pid: string;
  readonly licenseKey: string;
}

/**
 * Refused: `unknown_app`, `unknown_pid`, `not_preauthorized`, `quota_exhausted`, `license_expired`, `suspended`; why
 * the server may not issue.
 */
export type ActivationOutcome = Outcome<{
  readonly license: LicenseTable;
  readonly terms: PurchaseTerms;
  /** Whether a seat was taken for it just now. */
  readonly consumed: boolean;
}>;

/**
 * Activates LicenseKeys: idempotent per (App, PID, LicenseKey) — an existing license is answered before
 * preauthorization and quota are looked at, a released one resumed — else one seat is consumed and the validity
 * starts now. Source: contract, Rules; design, "Quota"; protocol, "Idempotence and replay".
 */
export async function activate(
  transaction: Transaction,
  requests: readonly Activation[],
): Promise<readonly ActivationOutcome[]> {
  const { db, audit } = transaction;
  const apps = await preauthorizedApps(
    db,
    requests.map(({ appId }) => appId),
  );
  const issuing = await issuingFor(
    transaction,
    requests.map(({ cid }) => cid),
  );
  const licenses = await existingLicenses(db, requests);
  const newcomers = requests.filter((request) => !licenses.has(identityOf(request)));
  const isPreauthorized = await preauthorized(db, apps, newcomers);
  const seats = await Seats.load(db, newcomers);
  const terms = await termsOf(db, licenses.values());
  const created: LicenseTable[] = [];
  const resumed: LicenseTable[] = [];
  const ends = new Map<PurchaseTerms, EpochSeconds>();

  const resume = async (license: LicenseTable, { cid, appId, pid, licenseKey, actor, from }: Activation) => {
    license.state = 'active';
    resumed.push(license);
    const detail = { appId, pid, licenseKey };
    await audit.append(cid, { actor, from, action: 'license.resume', subject: license.license, detail });
  };

  const decide = async (request: Activation): Promise<ActivationOutcome> => {
    const { cid, appId, pid, licenseKey, actor, from } = request;
    const refuse = (code: ErrorCode): ActivationOutcome => ({
      ok: false,
      error: new LicenseError(code, { appId, pid, licenseKey }),
    });
    if (apps.get(appId)?.cid !== cid) return refuse('unknown_app');
    const may = issuing.get(cid);
    if (may === undefined || may instanceof LicenseError)
      return { ok: false, error: may ?? new LicenseError('internal') };
    const existing = licenses.get(identityOf(request));
    if (existing !== undefined) {
      if (existing.state === 'suspended') return refuse('suspended');
      if (may.now >= existing.expire_time) return refuse('license_expired');
      if (existing.state === 'released') await resume(existing, request);
      return { ok: true, license: existing, terms: purchaseOf(terms, existing.terms_id), consumed: false };
    }
    if (!isPreauthorized(request)) return refuse('not_preauthorized');
    const seat = seats.take(request);
    if (!seat.taken) return refuse(seat.code);
    // Calendar arithmetic once a line: all activations of a transaction happen at one time.
    const end = ends.get(seat.terms) ?? addValidity(may.now, seat.terms.validity);
    ends.set(seat.terms, end);
    const license = newLicense(request, seat.terms, may.now, end);
    created.push(license);
    licenses.set(identityOf(request), license);
    terms.set(seat.terms.termsId, seat.terms);
    const detail = { appId, pid, licenseKey };
    await audit.append(cid, {
      actor,
      from,
      action: 'license.activate',
      subject: license.license,
      detail,
    });
    return { ok: true, license, terms: seat.terms, consumed: true };
  };
  const outcomes: ActivationOutcome[] = [];
  for (const request of requests) outcomes.push(await decide(request));

  await insertLicenses(db, created);
  await storeLicenses(db, { state: 'text' }, resumed);
  await seats.store();
  return outcomes;
}

/**
 * What makes two activations the same. Neither a LicenseKey nor the id of an App or PID that exists holds a line
 * break, so the parts cannot run into each other.
 */
export function identityOf({
  appId,
  pid,
  licenseKey,
}: Pick<Activation, 'appId' | 'pid' | 'licenseKey'>): string {
  return `${appId}
${pid}
${licenseKey}`;
}

/** Licenses that the requests' (App, PID, LicenseKey) have already. */
export async function existingLicenses(
  db: Kysely<Schema>,
  requests: readonly Pick<Activation, 'appId' | 'pid' | 'licenseKey'>[],
): Promise<Map<string, LicenseTable>> {
  if (requests.length === 0) return new Map();
  const wanted = requests.map(({ appId, pid, licenseKey }) => ({
    app_id: appId,
    pid,
    license_key: licenseKey,
  }));
  const rows = await db
    .selectFrom(
      rowsOf<Pick<LicenseTable, 'app_id' | 'pid' | 'license_key'>>(
        db,
        { app_id: 'text', pid: 'text', license_key: 'text' },
        wanted,
      ).as('r'),
    )
    .innerJoin('license', (join) =>
      join
        .onRef('license.app_id', '=', 'r.app_id')
        .onRef('license.pid', '=', 'r.pid')
        .onRef('license.license_key', '=', 'r.license_key'),
    )
    .selectAll('license')
    .execute();
  return new Map(
    rows.map((row) => [identityOf({ appId: row.app_id, pid: row.pid, licenseKey: row.license_key }), row]),
  );
}

function newLicense(
  request: Activation,
  terms: PurchaseTerms,
  now: EpochSeconds,
  end: EpochSeconds,
): LicenseTable {
  return {
    license: newId(),
    cid: request.cid,
    app_id: request.appId,
    pid: request.pid,
    license_key: request.licenseKey,
    category: terms.category,
    terms_id: terms.termsId,
    state: 'active',
    activation_time: now,
    expire_time: end,
    renewals: '[]',
    device_jkt: null,
    fingerprint: null,
    rebinds: 0,
    rebinds_since: now,
    last_seen_at: null,
    agent_version: null,
    label: '',
    group_name: '',
    transfers: 0,
    transfers_since: 0,
    position: 0,
  };
}

const LICENSE_COLUMNS = {
  license: 'text',
  cid: 'text',
  app_id: 'text',
  pid: 'text',
  license_key: 'text',
  category: 'text',
  terms_id: 'text',
  state: 'text',
  activation_time: 'integer',
  expire_time: 'integer',
  renewals: 'text',
  rebinds_since: 'integer',
  position: 'integer',
} as const satisfies Columns<LicenseTable>;

async function insertLicenses(db: Kysely<Schema>, licenses: readonly LicenseTable[]): Promise<void> {
  if (licenses.length === 0) return;
  await numberLicenses(db, licenses);
  await db
    .insertInto('license')
    .columns(columnNames(LICENSE_COLUMNS))
    .expression(selectRows<LicenseTable>(db, LICENSE_COLUMNS, licenses))
    .execute();
}
