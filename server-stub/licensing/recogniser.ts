import type { Kysely } from 'kysely';
import type { Clock } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Schema } from '../store/schema.ts';
import { type Recognisable, recognise } from './recognise.ts';

/** Asked for by one query, at most. */
const MAX_REQUESTS = 1000;

interface Waiting extends Recognisable {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Recognises what one turn of the event loop brings, and what comes while the store is being asked, as a set: a
 * device by itself, or an array of a gateway, costs its share of a query.
 */
export class Recogniser {
  readonly #db: Kysely<Schema>;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(db: Kysely<Schema>, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** @throws `enrollment_rejected` */
  admit({ claims, jkt }: Recognisable): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ claims, jkt, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    await new Promise((turn) => setImmediate(turn));
    while (this.#waiting.length > 0) await this.#ask(this.#waiting.splice(0, MAX_REQUESTS));
    this.#running = false;
  }

  async #ask(asked: readonly Waiting[]): Promise<void> {
    try {
      const recognised = await recognise(this.#db, asked, this.#clock.now());
      for (const [index, { resolve, reject }] of asked.entries()) {
        if (recognised[index]) resolve();
        else reject(new LicenseError('enrollment_rejected'));
      }
    } catch (fault) {
      for (const { reject } of asked) reject(fault);
    }
  }
}
