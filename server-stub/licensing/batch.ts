import type { Clock } from '#core/clock.ts';
import { isStoreFault } from '#core/errors.ts';
import type { Store, Transaction } from '../store/database.ts';

/** A use case that changes seats or bindings: many requests in one transaction, an outcome for each, in order. */
export type Verb<Request, Outcome> = (
  transaction: Transaction,
  requests: readonly Request[],
) => Promise<readonly Outcome[]>;

export interface BatchOptions {
  /** Requests decided in one transaction at most. */
  maxRequests?: number;
}

interface Waiting {
  readonly verb: Verb<unknown, unknown>;
  readonly request: unknown;
  readonly weight: number;
  readonly resolve: (outcome: unknown) => void;
  readonly reject: (fault: unknown) => void;
}

/**
 * Group commit: what arrives while a commit is under way joins the next one — one transaction, set-based
 * statements, one fsync — and is answered only after it. Source: design, Server "Group commit".
 */
export class Batch {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #maxRequests: number;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(store: Store, clock: Clock, { maxRequests = 1000 }: BatchOptions = {}) {
    this.#store = store;
    this.#clock = clock;
    this.#maxRequests = maxRequests;
  }

  /**
   * Decides a request in the next transaction; resolves once that is durable.
   *
   * @param weight how many ordinary requests it is worth, so that a transaction stays short
   */
  submit<Request, Outcome>(verb: Verb<Request, Outcome>, request: Request, weight = 1): Promise<Outcome> {
    return new Promise<Outcome>((resolve, reject) => {
      this.#waiting.push({
        verb: verb as Verb<unknown, unknown>,
        request,
        weight,
        resolve: resolve as (outcome: unknown) => void,
        reject,
      });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Requests that the same turn of the event loop brings are taken along.
    await new Promise((turn) => setImmediate(turn));
    while (this.#waiting.length > 0) {
      await this.#commit(this.#waiting.splice(0, this.#fitting()));
    }
    this.#running = undefined;
  }

  /** How many of those that wait go into one transaction: at least one, whatever its weight. */
  #fitting(): number {
    let weight = this.#waiting[0]?.weight ?? 0;
    let count = 1;
    for (; count < this.#waiting.length; count += 1) {
      weight += this.#waiting[count]?.weight ?? 0;
      if (weight > this.#maxRequests) break;
    }
    return count;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#store.write(this.#clock.now(), (transaction) =>
        decide(transaction, batch),
      );
      for (const waiting of batch) waiting.resolve(outcomes.get(waiting));
    } catch (fault) {
      // One request must not fail its neighbours: each is tried by itself. A store that fails, fails for all.
      if (batch.length > 1 && !isStoreFault(fault)) {
        for (const waiting of batch) await this.#commit([waiting]);
      } else {
        for (const waiting of batch) waiting.reject(fault);
      }
    }
  }
}

/** Verb by verb, within a verb in order of arrival. */
async function decide(transaction: Transaction, batch: readonly Waiting[]): Promise<Map<Waiting, unknown>> {
  const outcomes = new Map<Waiting, unknown>();
  for (const [verb, group] of Map.groupBy(batch, ({ verb }) => verb)) {
    const decided = await verb(
      transaction,
      group.map(({ request }) => request),
    );
    for (const [index, waiting] of group.entries()) outcomes.set(waiting, decided[index]);
  }
  return outcomes;
}
