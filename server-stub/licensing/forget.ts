import type { DeleteResult } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Store, Transaction } from '../store/database.ts';
import { firstHour } from './idempotency-bytes.ts';
import { IDEMPOTENCY_SECONDS } from './idempotency-seconds.ts';

/** How long the same jti gets the same answer. Source: protocol, "Idempotence and replay". */
const ANSWER_SECONDS = 90 * 86_400;
/** Rows in one transaction, so that no other writer waits long. */
const PIECE = 5_000;

/** Clears away answers and replies whose time is over, in short transactions. */
export async function forget(store: Store, now: EpochSeconds): Promise<void> {
  // By the trail where it lies behind the clock: a clock set years ahead must not empty the memory.
  const head = await store.reader
    .selectFrom('audit_head')
    .select(({ fn }) => fn.max('at').as('at'))
    .executeTakeFirst();
  const time = Math.min(now, Number(head?.at ?? 0));
  await inPieces(store, now, ({ db }) => {
    const old = db
      .selectFrom('answer')
      .select('jti')
      .where('at', '<', time - ANSWER_SECONDS);
    return db.deleteFrom('answer').where('jti', 'in', old.limit(PIECE));
  });
  await inPieces(store, now, ({ db }) => {
    const old = db
      .selectFrom('idempotency')
      .select('at')
      .where('at', '<', time - IDEMPOTENCY_SECONDS);
    return db.deleteFrom('idempotency').where('at', 'in', old.orderBy('at').limit(PIECE));
  });
  // A company has a row of these an hour.
  await store.write(now, ({ db }) =>
    db.deleteFrom('idempotency_bytes').where('hour', '<', firstHour(time)).execute(),
  );
}

async function inPieces(
  store: Store,
  now: EpochSeconds,
  remove: (transaction: Transaction) => { executeTakeFirst(): Promise<DeleteResult> },
): Promise<void> {
  for (;;) {
    const { numDeletedRows } = await store.write(now, (transaction) =>
      remove(transaction).executeTakeFirst(),
    );
    if (numDeletedRows < PIECE) return;
  }
}
