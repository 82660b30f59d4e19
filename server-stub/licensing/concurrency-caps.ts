import type { Kysely } from 'kysely';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import type { Schema } from '../store/schema.ts';

/** How many sessions may run at the same time: of a company's PID, or of one of its Apps. */
export type ConcurrencyCap = {
  readonly cid: string;
  readonly cap: number;
} & ({ readonly pid: string; readonly appId?: never } | { readonly appId: string; readonly pid?: never });

/**
 * The caps of PIDs, of all where none are named: the sum over the purchase lines of each. A line without a cap lifts
 * that of its PID, since whoever has bought it has bought sessions without end. Source: contract, Rules "PCU limit".
 */
export async function pidCaps(db: Kysely<Schema>, pids?: readonly string[]): Promise<ConcurrencyCap[]> {
  if (pids?.length === 0) return [];
  const lines = await db
    .selectFrom('terms')
    .select(['cid', 'pid', 'claims'])
    .where('kind', '=', 'purchase')
    .where('withdrawn', '=', 0)
    .$if(pids !== undefined, (query) => query.where('pid', 'in', [...new Set(pids)]))
    .orderBy('cid')
    .orderBy('pid')
    .execute();
  const sums = new Map<string, { cid: string; pid: string; cap: number }>();
  for (const { cid, pid, claims } of lines) {
    const { pcu = Number.POSITIVE_INFINITY }: PurchaseTerms = JSON.parse(claims);
    const sum = sums.get(pidPool(cid, pid)) ?? { cid, pid, cap: 0 };
    sums.set(pidPool(cid, pid), { ...sum, cap: sum.cap + pcu });
  }
  return [...sums.values()].filter(({ cap }) => Number.isFinite(cap));
}

/** The caps of Apps, of all where none are named. */
export async function appCaps(db: Kysely<Schema>, appIds?: readonly string[]): Promise<ConcurrencyCap[]> {
  if (appIds?.length === 0) return [];
  const apps = await db
    .selectFrom('app')
    .select(['cid', 'app_id', 'pcu'])
    .where('pcu', 'is not', null)
    .$if(appIds !== undefined, (query) => query.where('app_id', 'in', [...new Set(appIds)]))
    .orderBy('cid')
    .orderBy('app_id')
    .execute();
  return apps.map(({ cid, app_id: appId, pcu }) => ({ cid, appId, cap: pcu ?? 0 }));
}

/** What a PID's sessions are counted under. An App's are under its App ID, which holds no space. */
export function pidPool(cid: string, pid: string): string {
  return `${cid} ${pid}`;
}

export function poolOf({ cid, pid, appId }: ConcurrencyCap): string {
  return pid === undefined ? appId : pidPool(cid, pid);
}
