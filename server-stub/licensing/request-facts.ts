import type { Kysely } from 'kysely';
import type { LicenseRequest } from '#core/documents/license-request.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import type { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { rowsOf } from '../store/rows.ts';
import type { EnrollmentTable, LicenseTable, Schema } from '../store/schema.ts';
import { existingLicenses, identityOf } from './activate.ts';
import { type Issuing, issuingFor } from './issuing.ts';
import { UsageTotals } from './usage.ts';

/** A request whose signature was verified. */
export interface DeviceRequest {
  readonly claims: LicenseRequest;
  /** Thumbprint of the device key. */
  readonly jkt: string;
  /** Address, where it came by network. */
  readonly from?: string | undefined;
}

/** A key that once held a license: `replaced` by an operator's rebind, or not. */
export type KnownKey = 'known' | 'replaced';

/** What the store knows of a batch of device requests, read at once. */
export interface RequestFacts {
  /** Company by App ID. */
  readonly companies: ReadonlyMap<string, string>;
  /** Apps whose devices may ask for renewal. */
  readonly renewing: ReadonlySet<string>;
  /** By company: what issuing needs, or why the server may not. */
  readonly issuing: ReadonlyMap<string, Issuing | LicenseError>;
  /** Answers that were given before, by jti. */
  readonly answers: ReadonlyMap<string, Schema['answer']>;
  readonly enrollments: ReadonlyMap<string, EnrollmentTable>;
  /** By identityOf; the batch adds and changes licenses as it decides. */
  readonly licenses: Map<string, LicenseTable>;
  /** By `jkt license`, every key that was ever bound to a license; the batch adds those that it binds. */
  readonly bound: Map<string, KnownKey>;
  /** By `jkt identity`, licenses that this key held under this LicenseKey and that were moved away, the last first. */
  readonly departed: ReadonlyMap<string, readonly string[]>;
  readonly usage: UsageTotals;
  /** Sessions at the same time, of Apps that have such a limit. */
  readonly concurrency: ReadonlyMap<string, number>;
}

/** A key and a license, or a key and an identity, as they stand in {@link RequestFacts}. */
export function pairOf(jkt: string, of: string): string {
  return `${jkt} ${of}`;
}

/**
 * The license that was moved away from a request's LicenseKey, where the request's key held it: of several the one
 * whose token it still holds, else the last.
 */
export function departedLicense(
  { departed }: Pick<RequestFacts, 'departed'>,
  { claims, jkt }: DeviceRequest,
): string | undefined {
  const licenses = departed.get(pairOf(jkt, identityOf(claims))) ?? [];
  if (licenses.length < 2 || claims.heldToken === undefined) return licenses[0];
  const held = licenseOf(claims.heldToken);
  return licenses.find((license) => license === held) ?? licenses[0];
}

/** By its own word, which only chooses among licenses that the sender held anyway. */
function licenseOf(token: string): string | undefined {
  try {
    return licenseTokenDocument.parse(token).claims.license;
  } catch {
    return undefined;
  }
}

export async function requestFacts(
  transaction: Transaction,
  requests: readonly DeviceRequest[],
): Promise<RequestFacts> {
  const { db } = transaction;
  const claims = requests.map((request) => request.claims);
  const appIds = [...new Set(claims.map(({ appId }) => appId))];
  const apps = await db
    .selectFrom('app')
    .select(['app_id', 'cid', 'device_renewal', 'pcu'])
    .where('app_id', 'in', appIds)
    .execute();
  const jtis = claims.map(({ jti }) => jti);
  const answers = await db.selectFrom('answer').selectAll().where('jti', 'in', jtis).execute();
  const jkts = [...new Set(requests.map(({ jkt }) => jkt))];
  const keys = await db
    .selectFrom('device_key')
    .select(['jkt', 'license', 'replaced_at'])
    .where('jkt', 'in', jkts)
    .execute();
  const licenses = await existingLicenses(db, claims);
  return {
    companies: new Map(apps.map(({ app_id, cid }) => [app_id, cid])),
    renewing: new Set(apps.flatMap(({ app_id, device_renewal }) => (device_renewal === 1 ? app_id : []))),
    issuing: await issuingFor(
      transaction,
      apps.map(({ cid }) => cid),
    ),
    answers: new Map(answers.map((answer) => [answer.jti, answer])),
    enrollments: await enrollmentsOf(db, claims),
    licenses,
    bound: new Map(
      keys.map(({ jkt, license, replaced_at }) => [
        pairOf(jkt, license),
        replaced_at === null ? 'known' : 'replaced',
      ]),
    ),
    concurrency: new Map(apps.flatMap(({ app_id, pcu }) => (pcu === null ? [] : [[app_id, pcu] as const]))),
    departed: await departedLicenses(
      db,
      // Whoever holds the license that they ask for has not lost it.
      requests.filter(({ claims: asked, jkt }) => licenses.get(identityOf(asked))?.device_jkt !== jkt),
    ),
    usage: await UsageTotals.load(
      db,
      [...licenses.values()].map(({ license }) => license),
    ),
  };
}

async function departedLicenses(
  db: Kysely<Schema>,
  requests: readonly DeviceRequest[],
): Promise<Map<string, string[]>> {
  if (requests.length === 0) return new Map();
  const asked = new Map(
    requests.map(({ claims, jkt }) => {
      const { appId: app_id, pid, licenseKey: license_key } = claims;
      return [pairOf(jkt, identityOf(claims)), { app_id, pid, license_key, jkt }];
    }),
  );
  const columns = { app_id: 'text', pid: 'text', license_key: 'text', jkt: 'text' } as const;
  const rows = await db
    .selectFrom(rowsOf<Asked>(db, columns, [...asked.values()]).as('r'))
    .innerJoin('transfer', (join) =>
      join
        .onRef('transfer.app_id', '=', 'r.app_id')
        .onRef('transfer.pid', '=', 'r.pid')
        .onRef('transfer.from_license_key', '=', 'r.license_key'),
    )
    .innerJoin('device_key', (join) =>
      join.onRef('device_key.license', '=', 'transfer.license').onRef('device_key.jkt', '=', 'r.jkt'),
    )
    .innerJoin('license', 'license.license', 'transfer.license')
    .select(['r.app_id', 'r.pid', 'r.license_key', 'r.jkt', 'transfer.license'])
    // It may have come back.
    .whereRef('license.license_key', '<>', 'r.license_key')
    .orderBy('transfer.at', 'desc')
    .orderBy('transfer.license', 'desc')
    .execute();
  const departed = new Map<string, string[]>();
  for (const { app_id, pid, license_key, jkt, license } of rows) {
    const pair = pairOf(jkt, identityOf({ appId: app_id, pid, licenseKey: license_key }));
    departed.set(pair, [...(departed.get(pair) ?? []), license]);
  }
  return departed;
}

type Asked = Pick<LicenseTable, 'app_id' | 'pid' | 'license_key'> & { jkt: string };

/** The enrollments that requests name, by id. */
export async function enrollmentsOf(
  db: Kysely<Schema>,
  requests: readonly LicenseRequest[],
): Promise<Map<string, EnrollmentTable>> {
  const ids = [...new Set(requests.flatMap(({ enrollment }) => enrollment?.id ?? []))];
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('enrollment').selectAll().where('enrollment_id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.enrollment_id, row]));
}
