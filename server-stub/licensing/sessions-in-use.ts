import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Schema } from '../store/schema.ts';
import { type ConcurrencyCap, pidPool, poolOf } from './concurrency-caps.ts';

/** A cap, and how many sessions are leased under it. */
export type SessionsInUse = ConcurrencyCap & { readonly sessions: number };

/** Sessions that are leased now, under each of these caps. Added up by the engine: there may be very many leases. */
export async function sessionsInUse(
  db: Kysely<Schema>,
  caps: readonly ConcurrencyCap[],
  now: EpochSeconds,
): Promise<SessionsInUse[]> {
  const pids = caps.flatMap(({ cid, pid }) => (pid === undefined ? [] : { cid, pid }));
  const appIds = caps.flatMap(({ appId }) => appId ?? []);
  const used = new Map<string, number>();
  const live = db
    .selectFrom('concurrency_lease')
    .select(({ fn }) => fn.sum('sessions').as('sessions'))
    .where('until_at', '>', now);
  if (pids.length > 0) {
    const rows = await live
      .select(['cid', 'pid'])
      .where('cid', 'in', [...new Set(pids.map(({ cid }) => cid))])
      .where('pid', 'in', [...new Set(pids.map(({ pid }) => pid))])
      .groupBy(['cid', 'pid'])
      .execute();
    for (const { cid, pid, sessions } of rows) used.set(pidPool(cid, pid), Number(sessions));
  }
  if (appIds.length > 0) {
    const rows = await live.select('app_id').where('app_id', 'in', appIds).groupBy('app_id').execute();
    for (const { app_id, sessions } of rows) used.set(app_id, Number(sessions));
  }
  return caps.map((cap) => ({ ...cap, sessions: used.get(poolOf(cap)) ?? 0 }));
}
