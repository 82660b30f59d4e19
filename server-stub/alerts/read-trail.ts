import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Store } from '../store/database.ts';
import { rowsOf } from '../store/rows.ts';
import type { AuditTable, Schema } from '../store/schema.ts';
import {
  type AlertData,
  type AlertType,
  type Happening,
  licensesHappened,
  type OwnedLicense,
} from './alert-event.ts';
import { type AlertQueue, NEWS_SECONDS } from './alert-queue.ts';

/** Rows of the trail in one transaction. */
const PIECE = 1_000;

/** Actions of the trail that are events. */
const TYPES: Readonly<Record<string, AlertType>> = {
  'license.activate': 'license.activated',
  'renewal.exhausted': 'renewal.exhausted',
};

type TrailRow = Pick<AuditTable, 'seq' | 'at' | 'action' | 'subject' | 'detail'>;

/**
 * Queues what the audit trails say that happened. A trail is written in the transaction of each change, and its
 * cursor moves in the transaction that queues: nothing is lost, and no change waits for it.
 */
export async function readTrails(
  store: Store,
  queue: AlertQueue,
  now: EpochSeconds,
  ended: AbortSignal,
): Promise<void> {
  const behind = await store.reader
    .selectFrom('audit_head as h')
    .leftJoin('alert_cursor as c', 'c.cid', 'h.cid')
    .select(({ fn, val }) => ['h.cid', 'h.seq as head', fn.coalesce('c.seq', val(0)).as('cursor')])
    .where(({ eb, fn, val }) => eb('h.seq', '>', fn.coalesce('c.seq', val(0))))
    .execute();
  for (const { cid, head, cursor } of behind)
    await readTrail(store, queue, { cid, head, cursor: Number(cursor) }, now, ended);
}

async function readTrail(
  store: Store,
  queue: AlertQueue,
  { cid, head, cursor }: { readonly cid: string; readonly head: number; readonly cursor: number },
  now: EpochSeconds,
  ended: AbortSignal,
): Promise<void> {
  const actions = Object.keys(TYPES).filter((action) => queue.wants(TYPES[action] as AlertType, cid));
  let stored = cursor;
  let position = cursor;
  while (position < head && !ended.aborted) {
    const to = actions.length === 0 ? head : Math.min(position + PIECE, head);
    const rows = actions.length === 0 ? [] : await rowsBetween(store.reader, cid, position, to, actions, now);
    position = to;
    // Where nothing happened, going on costs the writers nothing.
    if (rows.length === 0 && position < head) continue;
    const moved = await store.write(now, async ({ db }) => {
      if ((await cursorOf(db, cid)) !== stored) return false;
      await queue.enqueue(db, await happeningsOf(db, cid, rows), now);
      await db
        .insertInto('alert_cursor')
        .values({ cid, seq: to })
        .onConflict((conflict) => conflict.column('cid').doUpdateSet({ seq: to }))
        .execute();
      return true;
    });
    // Another server is at it.
    if (!moved) return;
    stored = to;
  }
}

async function cursorOf(db: Kysely<Schema>, cid: string): Promise<number> {
  const row = await db.selectFrom('alert_cursor').select('seq').where('cid', '=', cid).executeTakeFirst();
  return row?.seq ?? 0;
}

function rowsBetween(
  db: Kysely<Schema>,
  cid: string,
  after: number,
  to: number,
  actions: readonly string[],
  now: EpochSeconds,
): Promise<TrailRow[]> {
  return db
    .selectFrom('audit')
    .select(['seq', 'at', 'action', 'subject', 'detail'])
    .where('cid', '=', cid)
    .where('seq', '>', after)
    .where('seq', '<=', to)
    .where('action', 'in', actions)
    .where('at', '>=', now - NEWS_SECONDS)
    .orderBy('seq')
    .execute();
}

async function happeningsOf(
  db: Kysely<Schema>,
  cid: string,
  rows: readonly TrailRow[],
): Promise<Happening[]> {
  const activated = rows.filter(({ action }) => action === 'license.activate');
  const exhausted = rows.filter(({ action }) => action === 'renewal.exhausted');
  return [
    ...licensesHappened('license.activated', activated.at(-1)?.at ?? 0, await licensesOf(db, activated), {}),
    ...exhausted.map(
      (row): Happening => ({
        type: 'renewal.exhausted',
        at: row.at,
        data: exhaustion(cid, row),
      }),
    ),
  ];
}

async function licensesOf(db: Kysely<Schema>, rows: readonly TrailRow[]): Promise<OwnedLicense[]> {
  if (rows.length === 0) return [];
  const licenses = await db
    .selectFrom(rowsOf<TrailRow>(db, { subject: 'text', seq: 'integer' }, rows).as('r'))
    .innerJoin('license as l', 'l.license', 'r.subject')
    .select([
      'l.cid',
      'l.app_id as appId',
      'l.pid',
      'l.license',
      'l.license_key as licenseKey',
      'l.activation_time as activationTime',
      'l.expire_time as expireTime',
    ])
    .orderBy('r.seq')
    .execute();
  return licenses;
}

/** Who writes the row puts App, PID and how many wait into its detail. */
function exhaustion(cid: string, { detail }: TrailRow): AlertData['renewal.exhausted'] {
  const { appId, pid, waiting } = JSON.parse(detail) as Record<string, unknown>;
  return { cid, appId: String(appId ?? ''), pid: String(pid ?? ''), waiting: Number(waiting ?? 0) };
}
