import { type Kysely, sql } from 'kysely';
import type { Clock, EpochSeconds } from '#core/clock.ts';
import { MAX_RENEWALS } from '#core/documents/license-token.ts';
import { LicenseError } from '#core/errors.ts';
import type { Store, Transaction } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { issuingFor } from './issuing.ts';
import { RenewalLines } from './renewal-lines.ts';
import { reportShortage } from './renewal-shortage.ts';

const DAY = 86_400;
/** Licenses in one transaction, so that no other writer waits long. */
const PIECE = 500;
/** Waiting licenses are counted so far; who waits for more knows enough. */
export const MOST_COUNTED = 100_000;

/** A PID of an App whose licenses the server renews. */
interface Renewing {
  readonly appId: string;
  readonly cid: string;
  readonly pid: string;
  readonly renewDays: number;
  readonly seenDays: number | null;
}

/**
 * Renews what is due in all Apps that want it, while renewal licenses last, and tells where they do not. All is
 * decided inside short transactions, so several servers on one database may do this at once. An App that fails does
 * not hold up the others.
 *
 * @throws the first fault, after all were tried
 */
export async function renewAutomatically(
  store: Store,
  clock: Pick<Clock, 'now'>,
  ended: AbortSignal,
): Promise<void> {
  const faults: unknown[] = [];
  for (const renewing of await renewingPids(store.reader)) {
    if (ended.aborted) return;
    await renewDue(store, clock, renewing, ended).catch((fault) => faults.push(fault));
  }
  if (faults.length > 0) throw faults[0];
}

async function renewingPids(reader: Kysely<Schema>): Promise<Renewing[]> {
  const rows = await reader
    .selectFrom('app')
    .innerJoin('quota', 'quota.cid', 'app.cid')
    .select(['app.app_id as appId', 'app.cid', 'quota.pid', 'renew_days', 'renew_seen_days as seenDays'])
    .where('renew_days', 'is not', null)
    .distinct()
    .orderBy('app.app_id')
    .orderBy('quota.pid')
    .execute();
  return rows.flatMap(({ renew_days: renewDays, ...row }) =>
    renewDays === null ? [] : { ...row, renewDays },
  );
}

async function renewDue(
  store: Store,
  clock: Pick<Clock, 'now'>,
  renewing: Renewing,
  ended: AbortSignal,
): Promise<void> {
  const due = await dueLicenses(store.reader, renewing, clock.now())
    .select('license')
    .limit(1)
    .executeTakeFirst();
  const short = await store.reader
    .selectFrom('renewal_shortage')
    .select('pid')
    .where('app_id', '=', renewing.appId)
    .where('pid', '=', renewing.pid)
    .where('waiting', '>', 0)
    .executeTakeFirst();
  if (due === undefined && short === undefined) return;
  while (!ended.aborted) {
    const renewed = await store.write(clock.now(), (transaction) => renewPiece(transaction, renewing));
    if (renewed < PIECE) return;
  }
}

/** Renews the next due licenses; after the last of them, the shortage is what is still due. */
async function renewPiece(transaction: Transaction, renewing: Renewing): Promise<number> {
  const { db, audit } = transaction;
  const { appId, cid, pid } = renewing;
  const may = (await issuingFor(transaction, [cid])).get(cid);
  if (may === undefined || may instanceof LicenseError) throw may ?? new LicenseError('internal');
  const lines = await RenewalLines.load(db, [renewing]);
  const due = await dueLicenses(db, renewing, may.now).selectAll().limit(PIECE).execute();
  let renewed = 0;
  for (const license of due) {
    const renewal = lines.renew(license, undefined, may.now);
    if (!renewal.ok) break;
    const { renewId, termsId, previousExpireTime } = renewal;
    const { license_key: licenseKey, expire_time: expireTime } = license;
    const facts = { appId, pid, licenseKey, renewId, termsId, previousExpireTime, expireTime };
    await audit.append(cid, {
      actor: 'server',
      action: 'license.renew',
      subject: license.license,
      detail: { automatic: true, ...facts },
    });
    renewed += 1;
  }
  await lines.store();
  if (renewed < PIECE) {
    const left = dueLicenses(db, renewing, may.now).select('license.license').limit(MOST_COUNTED);
    const { waiting } = await db
      .selectFrom(left.as('due'))
      .select(({ fn }) => fn.countAll<number>().as('waiting'))
      .executeTakeFirstOrThrow();
    await reportShortage(transaction, renewing, Number(waiting));
  }
  return renewed;
}

/**
 * Active licenses that end within the App's days or ended as recently, whose device was seen, and whose token can
 * carry one renewal more; the first to end first.
 */
function dueLicenses(db: Kysely<Schema>, { appId, pid, renewDays, seenDays }: Renewing, now: EpochSeconds) {
  const query = db
    .selectFrom('license')
    .where('app_id', '=', appId)
    .where('pid', '=', pid)
    .where('expire_time', '>=', now - renewDays * DAY)
    .where('expire_time', '<=', now + renewDays * DAY)
    .where('state', '=', 'active')
    .where('renewals', 'not like', `%${'"termsId"%'.repeat(MAX_RENEWALS)}`)
    .orderBy('expire_time')
    .orderBy('license');
  if (seenDays === null) return query;
  return query.where(sql<number>`coalesce(last_seen_at, activation_time)`, '>=', now - seenDays * DAY);
}
