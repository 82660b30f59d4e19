import type { EpochSeconds } from '#core/clock.ts';
import type { Store } from '../store/database.ts';

/** How long the same jti gets the same answer. Source: protocol, "Idempotence and replay". */
const REMEMBERED_SECONDS = 90 * 86_400;
/** Rows in one transaction, so that no other writer waits long. */
const PIECE = 5_000;

/** Clears away answers whose time is over, in short transactions. */
export async function forgetAnswers(store: Store, now: EpochSeconds): Promise<void> {
  // By the trail where it lies behind the clock: a clock set years ahead must not empty the memory.
  const head = await store.reader
    .selectFrom('audit_head')
    .select(({ fn }) => fn.max('at').as('at'))
    .executeTakeFirst();
  const before = Math.min(now, Number(head?.at ?? 0)) - REMEMBERED_SECONDS;
  for (;;) {
    const { numDeletedRows } = await store.write(now, ({ db }) =>
      db
        .deleteFrom('answer')
        .where('jti', 'in', db.selectFrom('answer').select('jti').where('at', '<', before).limit(PIECE))
        .executeTakeFirst(),
    );
    if (numDeletedRows < PIECE) return;
  }
}
