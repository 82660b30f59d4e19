import type { Transaction } from '../store/database.ts';
import { type Columns, columnNames, rowsOf, selectRows } from '../store/rows.ts';
import type { IdempotencyBytesTable } from '../store/schema.ts';
import { IDEMPOTENCY_SECONDS } from './idempotency-seconds.ts';

/** What the replies of one company may take in the store over 24 hours, in bytes. */
export const BYTES_A_DAY = 1024 ** 3;

/** What a reply takes beside its text: company, route, key, hash, their indexes. */
const ROW_BYTES = 512;
const HOUR_SECONDS = 3600;

/**
 * The companies whose replies fill what they may. They are counted by the hour: to add up a day of replies would take
 * longer than the calls.
 */
export async function companiesWithoutRoom(
  { db, audit }: Transaction,
  cids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = [...new Set(cids)].map((cid) => ({ cid }));
  const counts = await db
    .selectFrom(rowsOf<{ cid: string }>(db, { cid: 'text' }, rows).as('r'))
    .innerJoin('idempotency_bytes', 'idempotency_bytes.cid', 'r.cid')
    .select(['idempotency_bytes.cid', 'idempotency_bytes.bytes'])
    .where('hour', '>=', firstHour(audit.wallClock))
    .execute();
  const totals = new Map<string, number>();
  for (const { cid, bytes } of counts) totals.set(cid, (totals.get(cid) ?? 0) + Number(bytes));
  return new Set([...totals].flatMap(([cid, bytes]) => (bytes < BYTES_A_DAY ? [] : cid)));
}

const COLUMNS = {
  cid: 'text',
  hour: 'integer',
  bytes: 'integer',
} as const satisfies Columns<IdempotencyBytesTable>;

/** Counts replies that are stored in this transaction. */
export async function countBytes(
  { db, audit }: Transaction,
  replies: readonly { readonly cid: string; readonly reply: string }[],
): Promise<void> {
  const hour = Math.floor(audit.wallClock / HOUR_SECONDS);
  const rows = [...Map.groupBy(replies, ({ cid }) => cid)].map(([cid, own]) => ({
    cid,
    hour,
    bytes: own.reduce((sum, { reply }) => sum + ROW_BYTES + Buffer.byteLength(reply), 0),
  }));
  await db
    .insertInto('idempotency_bytes')
    .columns(columnNames(COLUMNS))
    .expression(selectRows<IdempotencyBytesTable>(db, COLUMNS, rows))
    .onConflict((conflict) =>
      conflict.columns(['cid', 'hour']).doUpdateSet(({ eb, ref }) => ({
        bytes: eb(ref('idempotency_bytes.bytes'), '+', ref('excluded.bytes')),
      })),
    )
    .execute();
}

/** The first hour in which a reply may lie that still holds. */
export function firstHour(now: number): number {
  return Math.floor((now - IDEMPOTENCY_SECONDS) / HOUR_SECONDS);
}

/** When the oldest of the hours that are counted ends, from now: there may be room again. */
export function secondsToRoom(now: number): number {
  return HOUR_SECONDS - (now % HOUR_SECONDS);
}
