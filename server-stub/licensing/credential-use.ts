import { sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Store } from '../store/database.ts';
import { rowsOf } from '../store/rows.ts';

const DAY_SECONDS = 86_400;
/** Names kept at a time, at most. */
const REMEMBERED = 10_000;

/**
 * On which day each pair was last used, so that one that nobody needs any more is found and revoked. Noted in memory
 * by who answers calls, written later by upkeep: once a day for each pair, never in the way of a call.
 */
export class CredentialUse {
  readonly #days = new Map<string, number>();
  #unwritten = new Map<string, number>();

  note(customerId: string, now: EpochSeconds): void {
    const day = now - (now % DAY_SECONDS);
    if (this.#days.get(customerId) === day) return;
    if (this.#days.size >= REMEMBERED) this.#days.clear();
    this.#days.set(customerId, day);
    this.#unwritten.set(customerId, day);
  }

  /** Writes what was noted since the last time. */
  async store(store: Store, now: EpochSeconds): Promise<void> {
    if (this.#unwritten.size === 0) return;
    const noted = this.#unwritten;
    this.#unwritten = new Map();
    const rows = [...noted].map(([customer_id, last_used_at]) => ({ customer_id, last_used_at }));
    try {
      await store.write(now, ({ db }) =>
        db
          .updateTable('credential')
          .from(
            rowsOf<(typeof rows)[number]>(db, { customer_id: 'text', last_used_at: 'integer' }, rows).as('r'),
          )
          .set({ last_used_at: sql<number>`r.last_used_at` })
          .whereRef('credential.customer_id', '=', 'r.customer_id')
          // Another server on this store may have said so already.
          .where(sql<boolean>`coalesce(credential.last_used_at, 0) < r.last_used_at`)
          .execute(),
      );
    } catch (cause) {
      this.#unwritten = new Map([...noted, ...this.#unwritten]);
      throw cause;
    }
  }
}
