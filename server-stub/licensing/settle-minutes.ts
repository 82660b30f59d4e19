import { sql } from 'kysely';
import type { Clock } from '#core/clock.ts';
import type { Store, Transaction } from '../store/database.ts';
import { rowsOf } from '../store/rows.ts';
import type { UsageMinutesTable } from '../store/schema.ts';

/** Quarters of an hour in one transaction, so that no other writer waits long. */
export const SETTLED_AT_ONCE = 2000;
/** Quarters of an hour in one row of the trail: a day's. */
const QUARTERS_A_ROW = 96;

/**
 * Puts a company's minutes into its audit trail that do not stand there yet: per App and PID a row `usage.settle` with
 * the minutes of each quarter of an hour, in the transaction that marks them settled. So refreshes write no audit row,
 * and yet a report tells only minutes that the trail proves. What is altered before it was settled, within an hour,
 * the trail cannot know. Source: design, Server "Audit" and "Group commit".
 *
 * @returns quarters settled; as many as SETTLED_AT_ONCE where there may be more
 */
export async function settleMinutes({ db, audit }: Transaction, cid: string): Promise<number> {
  const rows = await db
    .selectFrom('usage_minutes')
    .selectAll()
    .where('cid', '=', cid)
    .whereRef('settled', '<', 'minutes')
    .orderBy('pid')
    .orderBy('app_id')
    .orderBy('at')
    .limit(SETTLED_AT_ONCE)
    .execute();
  if (rows.length === 0) return 0;
  for (const ofOne of Map.groupBy(rows, ({ pid, app_id }) => `${pid} ${app_id}`).values()) {
    for (let start = 0; start < ofOne.length; start += QUARTERS_A_ROW) {
      const quarters = ofOne
        .slice(start, start + QUARTERS_A_ROW)
        .map(({ at, minutes, settled }) => [at, minutes - settled] as const);
      const minutes = quarters.reduce((sum, [, count]) => sum + count, 0);
      const { app_id: appId = '', pid = '' } = ofOne[0] ?? {};
      await audit.append(cid, {
        actor: 'server',
        action: 'usage.settle',
        subject: appId,
        detail: { appId, pid, minutes, quarters },
      });
    }
  }
  const columns = { pid: 'text', app_id: 'text', at: 'integer' } as const;
  await db
    .updateTable('usage_minutes')
    .from(rowsOf<Pick<UsageMinutesTable, 'pid' | 'app_id' | 'at'>>(db, columns, rows).as('r'))
    .set({ settled: sql<number>`usage_minutes.minutes` })
    .where('usage_minutes.cid', '=', cid)
    .whereRef('usage_minutes.pid', '=', 'r.pid')
    .whereRef('usage_minutes.app_id', '=', 'r.app_id')
    .whereRef('usage_minutes.at', '=', 'r.at')
    .execute();
  return rows.length;
}

/**
 * Settles the minutes of all companies. Several servers on one database may do this at once. A company that fails
 * does not hold up the others.
 *
 * @throws the first fault, after all were tried
 */
export async function settleAllMinutes(
  store: Store,
  clock: Pick<Clock, 'now'>,
  ended: AbortSignal,
): Promise<void> {
  const companies = await store.reader
    .selectFrom('usage_minutes')
    .select('cid')
    .distinct()
    .whereRef('settled', '<', 'minutes')
    .orderBy('cid')
    .execute();
  const faults: unknown[] = [];
  for (const { cid } of companies) {
    let settled = SETTLED_AT_ONCE;
    while (settled === SETTLED_AT_ONCE && !ended.aborted) {
      settled = await store
        .write(clock.now(), (transaction) => settleMinutes(transaction, cid))
        .catch((fault) => faults.push(fault) && 0);
    }
  }
  if (faults.length > 0) throw faults[0];
}
