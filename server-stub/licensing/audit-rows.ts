import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { beside, besideNumber } from '../store/beside.ts';
import type { AuditTable, Schema } from '../store/schema.ts';

/** What is left out matches everything. */
export interface AuditFilter {
  /** `license.activate`, or its beginning: `license.`. */
  readonly action?: string | undefined;
  /** `user:NAME`, or its beginning: `user:`. */
  readonly actor?: string | undefined;
  /** A license, an App, a user … */
  readonly subject?: string | undefined;
  readonly from?: EpochSeconds | undefined;
  readonly before?: EpochSeconds | undefined;
}

export interface AuditRows {
  readonly rows: readonly AuditTable[];
  /** Sequence number below which to go on; undefined: that was all. */
  readonly next: number | undefined;
}

/** Rows looked at for one answer, at most. */
const LOOKED = 20_000;
const LAST = '\u{10ffff}';

/**
 * Rows of a company's trail, the newest first. Where few of many match an answer may hold fewer than `limit`, none even,
 * and say where to go on, so that no call takes long however long the trail is.
 */
export async function auditRows(
  db: Kysely<Schema>,
  cid: string,
  { action, actor, subject, from, before }: AuditFilter,
  { below, limit, lookAt = LOOKED }: { below?: number | undefined; limit: number; lookAt?: number },
): Promise<AuditRows> {
  const bounded = subject === undefined;
  const head = await db.selectFrom('audit_head').select('seq').where('cid', '=', cid).executeTakeFirst();
  const top = Math.min(below ?? Number.MAX_SAFE_INTEGER, (head?.seq ?? 0) + 1);
  const bottom = bounded ? Math.max(0, top - 1 - lookAt) : 0;
  const rows = await db
    .selectFrom('audit')
    .selectAll()
    .$if(bounded, (query) => query.where('cid', '=', cid))
    .$if(!bounded, (query) => query.where('subject', '=', subject ?? '').where(beside('cid'), '=', cid))
    .where('seq', '<', top)
    .where('seq', '>', bottom)
    .$if(action !== undefined, (query) =>
      query.where('action', '>=', action ?? '').where('action', '<', `${action}${LAST}`),
    )
    .$if(actor !== undefined, (query) =>
      query.where('actor', '>=', actor ?? '').where('actor', '<', `${actor}${LAST}`),
    )
    .$if(from !== undefined, (query) => query.where(besideNumber('at'), '>=', from ?? 0))
    .$if(before !== undefined, (query) => query.where(besideNumber('at'), '<', before ?? 0))
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute();
  if (rows.length > limit) return { rows: rows.slice(0, limit), next: rows[limit - 1]?.seq };
  return { rows, next: bottom === 0 ? undefined : bottom + 1 };
}
