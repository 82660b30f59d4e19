import type { Kysely } from 'kysely';
import type { Schema } from '../store/schema.ts';
import { waitingForRenewal } from './renewal-shortage.ts';

/** An App with its settings, and what waits for renewal licenses. */
export interface ListedApp {
  readonly cid: string;
  readonly appId: string;
  readonly vid: string;
  readonly name: string;
  /** Whether quota may be reserved for it. */
  readonly preallocation: boolean;
  readonly autoRenewDays: number | null;
  readonly autoRenewSeenDays: number | null;
  readonly deviceRenewal: boolean;
  readonly legacyPid: string | null;
  readonly waiting: readonly { readonly pid: string; readonly count: number }[];
}

/** The Apps of a company, or of all, by company. */
export async function listApps(db: Kysely<Schema>, cid?: string): Promise<ListedApp[]> {
  const rows = await db
    .selectFrom('app')
    .selectAll()
    .$if(cid !== undefined, (query) => query.where('cid', '=', cid ?? ''))
    .orderBy('cid')
    .orderBy('app_id')
    .execute();
  const waiting = await waitingForRenewal(db);
  return rows.map((row) => ({
    ...{ cid: row.cid, appId: row.app_id, vid: row.vid, name: row.name },
    preallocation: row.preallocation === 1,
    autoRenewDays: row.renew_days,
    autoRenewSeenDays: row.renew_seen_days,
    deviceRenewal: row.device_renewal === 1,
    legacyPid: row.legacy_pid,
    waiting: waiting
      .filter(({ appId }) => appId === row.app_id)
      .map(({ pid, waiting: count }) => ({ pid, count })),
  }));
}
