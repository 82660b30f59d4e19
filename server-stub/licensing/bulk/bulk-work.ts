import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/host/log.ts';
import type { Store } from '../../store/database.ts';
import type { LicenseRow } from '../license-rows.ts';
import {
  type BulkChange,
  bulkChange,
  cancelBulkChange,
  createBulkChange,
  type NewBulkChange,
  startBulkChange,
} from './bulk-change.ts';
import { forgetBulkChanges } from './forget-bulk-changes.ts';
import { gatherBulk } from './gather-bulk.ts';
import { runBulk } from './run-bulk.ts';

/** By then the longest list is gathered. */
const LIST_SECONDS = 600;

/**
 * Works on bulk changes in the background, a piece at a time: a person may leave and come back, and what a stop of the
 * server interrupts goes on at the next start.
 */
export class BulkWork {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Lists that were sent, until they are gathered: whoever sent one sends it again after a stop. */
  readonly #lists = new Map<string, readonly LicenseRow[]>();
  readonly #working = new Map<string, Promise<void>>();
  readonly #ended = new AbortController();

  constructor(store: Store, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Begins to gather. @returns its id */
  async create(wish: NewBulkChange, list: readonly LicenseRow[] = []): Promise<string> {
    const id = await this.#store.write(this.#clock.now(), (transaction) =>
      createBulkChange(transaction, wish),
    );
    if (list.length > 0) this.#lists.set(id, list);
    this.#work(id);
    return id;
  }

  /**
   * Lets what was looked at be carried out.
   *
   * @throws `bulk_change_not_ready`
   */
  async start(bulk: BulkChange): Promise<void> {
    await this.#store.write(this.#clock.now(), (transaction) => startBulkChange(transaction, bulk));
    this.#work(bulk.bulk_id);
  }

  /** Ends it after the piece that is under way. */
  async cancel(bulk: BulkChange): Promise<void> {
    const now = this.#clock.now();
    await this.#store.write(now, (transaction) => cancelBulkChange(transaction, bulk, now));
  }

  /** Goes on with what was interrupted, and clears away what is old. */
  async resume(): Promise<void> {
    const now = this.#clock.now();
    await forgetBulkChanges(this.#store, now);
    const open = await this.#store.reader
      .selectFrom('bulk_change')
      .select(['bulk_id', 'state', 'source', 'created_at'])
      .where('state', 'in', ['gathering', 'running'])
      .execute();
    for (const { bulk_id, state, source, created_at } of open) {
      if (this.#working.has(bulk_id)) continue;
      const needsList = state === 'gathering' && JSON.parse(source).kind === 'file';
      if (!needsList) this.#work(bulk_id);
      // Another server may have the list still, though not for long.
      else if (created_at < now - LIST_SECONDS)
        await this.#store.write(now, (transaction) => cancelBulkChange(transaction, { bulk_id }, now));
    }
  }

  /** Ends what runs after its piece. */
  async end(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#working.values());
  }

  #work(id: string): void {
    const before = this.#working.get(id) ?? Promise.resolve();
    const work = before
      .then(() => this.#pieces(id))
      .catch((err: unknown) =>
        this.#log.warn({ bulk: id, err }, 'a bulk change stopped; it is tried again later'),
      )
      .finally(() => {
        if (this.#working.get(id) === work) this.#working.delete(id);
      });
    this.#working.set(id, work);
  }

  async #pieces(id: string): Promise<void> {
    const piece = async () =>
      this.#store.write(this.#clock.now(), async (transaction) => {
        // Read in the transaction: another server or a person may have been at it.
        const bulk = await bulkChange(transaction.db, id);
        if (bulk.state === 'gathering') await gatherBulk(transaction, bulk, this.#lists.get(id) ?? []);
        else if (bulk.state === 'running') await runBulk(transaction, bulk);
        else return false;
        return true;
      });
    while (!this.#ended.signal.aborted && (await piece())) await new Promise((turn) => setImmediate(turn));
    if (!this.#ended.signal.aborted) this.#lists.delete(id);
  }
}
