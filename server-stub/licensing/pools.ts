import type { Kysely } from 'kysely';
import type { Schema } from '../store/schema.ts';
import { SHARED } from './quota.ts';
import { allocatedTo, SeatPools } from './seat-pools.ts';

/** Seats of one PID: of one App, or shared. */
export interface Pool {
  readonly cid: string;
  readonly pid: string;
  /** '' = the shared pool. */
  readonly appId: string;
  readonly granted: number;
  /** Of `granted`, what came out of the shared pool. */
  readonly allocated: number;
  readonly used: number;
  readonly overdraft: number;
}

/** The pools of all companies, or of one, by company, PID and App. */
export async function poolsOf(reader: Kysely<Schema>, company?: string): Promise<Pool[]> {
  const subjects = await reader
    .selectFrom('quota')
    .select(['cid', 'pid'])
    .distinct()
    .$if(company !== undefined, (query) => query.where('cid', '=', company as string))
    .execute();
  const pools = await SeatPools.load(reader, subjects);
  return subjects
    .toSorted((a, b) => compare(a.cid, b.cid) || compare(a.pid, b.pid))
    .flatMap((subject) => pools.of(subject).toSorted((a, b) => compare(a.app_id, b.app_id)))
    .map((pool) => {
      const { cid, pid, app_id: appId, granted, used, overdraft } = pool;
      const allocated = appId === SHARED ? 0 : allocatedTo(pool);
      return { cid, pid, appId, granted, allocated, used, overdraft };
    });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Renewals that were granted and used, by company, renewId and App. */
export async function renewalPools(reader: Kysely<Schema>, company?: string) {
  const rows = await reader
    .selectFrom('terms')
    .select(({ fn }) => [
      'cid',
      'renew_id as renewId',
      'pid',
      'app_id as appId',
      fn.sum('count').as('granted'),
      fn.sum('used').as('used'),
    ])
    .where('kind', '=', 'renewal')
    .where('withdrawn', '=', 0)
    .$if(company !== undefined, (query) => query.where('cid', '=', company as string))
    .groupBy(['cid', 'renew_id', 'pid', 'app_id'])
    .orderBy('cid')
    .orderBy('renew_id')
    .orderBy('app_id')
    .execute();
  return rows.map(({ renewId, granted, used, ...row }) => ({
    ...row,
    renewId: renewId ?? '',
    granted: Number(granted),
    used: Number(used),
  }));
}
