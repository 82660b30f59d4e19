import type { Kysely } from 'kysely';
import type { Transaction } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';

/** How often the audit trail tells of one App's PID, in seconds. */
const REPORT_SECONDS = 86_400;

export interface ShortageSubject {
  readonly appId: string;
  readonly cid: string;
  readonly pid: string;
}

/**
 * Notes how many licenses of an App's PID wait for renewal licenses, 0 where none does. The audit trail is told of
 * each App and PID once a day at most.
 */
export async function reportShortage(
  { db, audit }: Transaction,
  { appId, cid, pid }: ShortageSubject,
  waiting: number,
): Promise<void> {
  const known = await db
    .selectFrom('renewal_shortage')
    .select(['waiting', 'reported_at'])
    .where('app_id', '=', appId)
    .where('pid', '=', pid)
    .executeTakeFirst();
  const now = await audit.timeOf(cid);
  const tell = waiting > 0 && (known === undefined || now - known.reported_at >= REPORT_SECONDS);
  if (!tell && waiting === (known?.waiting ?? 0)) return;
  const row = { waiting, reported_at: tell || known === undefined ? now : known.reported_at };
  await db
    .insertInto('renewal_shortage')
    .values({ app_id: appId, pid, cid, ...row })
    .onConflict((conflict) => conflict.columns(['app_id', 'pid']).doUpdateSet(row))
    .execute();
  if (tell) {
    const detail = { appId, pid, waiting };
    await audit.append(cid, { actor: 'server', action: 'renewal.exhausted', subject: pid, detail });
  }
}

/** Licenses that wait for renewal licenses, per App and PID. */
export function waitingForRenewal(db: Kysely<Schema>) {
  return db
    .selectFrom('renewal_shortage')
    .select(['cid', 'app_id as appId', 'pid', 'waiting'])
    .where('waiting', '>', 0)
    .orderBy('app_id')
    .orderBy('pid')
    .execute();
}
