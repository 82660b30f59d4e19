import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Schema } from '../store/schema.ts';
import { endOfPiece } from './end-of-piece.ts';

const DAY = 86_400;

export interface SilentCounts {
  /** When it was counted. */
  readonly at: EpochSeconds;
  readonly days: number;
  /** Devices by company. */
  readonly byCompany: ReadonlyMap<string, number>;
}

/**
 * Devices that hold a running license and were not seen for so many days. It walks over all licenses: an index of
 * last_seen_at would be written with every refresh of every device. Counted from time to time, and kept.
 */
export class SilentDevices {
  readonly #days: number;
  #counts: SilentCounts | undefined;

  constructor(days: number) {
    this.#days = days;
  }

  /** As it was counted last; undefined before the first time. */
  get counts(): SilentCounts | undefined {
    return this.#counts;
  }

  async count(db: Kysely<Schema>, now: EpochSeconds, ended: AbortSignal): Promise<void> {
    const byCompany = new Map<string, number>();
    for (let after: string | undefined = ''; after !== undefined; ) {
      if (ended.aborted) return;
      const to: string | undefined = await endOfPiece(db, after);
      const rows = await db
        .selectFrom('license')
        .select(['cid', ({ fn }) => fn.countAll<number>().as('count')])
        .where('license', '>', after)
        .$if(to !== undefined, (query) => query.where('license', '<=', to ?? ''))
        .where('last_seen_at', '<=', now - this.#days * DAY)
        .where('device_jkt', 'is not', null)
        .where('state', '=', 'active')
        .where('expire_time', '>', now)
        .groupBy('cid')
        .execute();
      for (const { cid, count } of rows) byCompany.set(cid, (byCompany.get(cid) ?? 0) + Number(count));
      after = to;
      await new Promise((turn) => setImmediate(turn));
    }
    this.#counts = { at: now, days: this.#days, byCompany };
  }
}
