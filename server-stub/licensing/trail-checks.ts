import type { Clock, EpochSeconds } from '#core/clock.ts';
import { asLicenseError, type LicenseError } from '#core/errors.ts';
import { verifyTrail } from '../store/audit.ts';
import type { Store } from '../store/database.ts';

/** How far the check of a company's trail is, or what it came to. */
export interface TrailCheck {
  readonly startedAt: EpochSeconds;
  readonly endedAt: EpochSeconds | null;
  /** Rows that were found right, and of how many. */
  readonly rows: number;
  readonly of: number;
  /** Sequence number of the first row that does not follow from the one before it. */
  readonly brokenAt: number | null;
  /** Why it could not be checked to the end. */
  readonly error: LicenseError | null;
}

/** Checks of trails, each by itself: a long one can be left and come back to. */
export class TrailChecks {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #checks = new Map<string, TrailCheck>();
  readonly #running = new Set<Promise<void>>();
  readonly #ended = new AbortController();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The last one of a company; undefined where this process made none. */
  of(cid: string): TrailCheck | undefined {
    return this.#checks.get(cid);
  }

  /** Begins one, where none is under way. */
  async start(cid: string): Promise<TrailCheck> {
    const known = this.#checks.get(cid);
    if (known?.endedAt === null) return known;
    const begun: TrailCheck = {
      ...{ startedAt: this.#clock.now(), endedAt: null, rows: 0, of: 0, brokenAt: null, error: null },
    };
    this.#checks.set(cid, begun);
    const head = await this.#store.reader
      .selectFrom('audit_head')
      .select('seq')
      .where('cid', '=', cid)
      .executeTakeFirst();
    const check = this.#change(cid, { of: head?.seq ?? 0 });
    const running = this.#run(cid).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return check;
  }

  /** Ends what runs, at its next pause. */
  async end(): Promise<void> {
    this.#ended.abort();
    await Promise.all(this.#running);
  }

  async #run(cid: string): Promise<void> {
    let rows = 0;
    const visit = () => {
      rows += 1;
    };
    const turn = async () => {
      this.#ended.signal.throwIfAborted();
      this.#change(cid, { rows });
      await new Promise((next) => setImmediate(next));
    };
    try {
      const { rows: count, brokenAt = null } = await verifyTrail(this.#store.reader, cid, visit, turn);
      this.#change(cid, { rows: count, brokenAt, endedAt: this.#clock.now() });
    } catch (thrown) {
      this.#change(cid, { error: asLicenseError(thrown), endedAt: this.#clock.now() });
    }
  }

  #change(cid: string, change: Partial<TrailCheck>): TrailCheck {
    const next = { ...(this.#checks.get(cid) as TrailCheck), ...change };
    this.#checks.set(cid, next);
    return next;
  }
}
