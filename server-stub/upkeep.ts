import type { Logger } from '#core/host/log.ts';

/** Work that the server does by itself from time to time. */
export interface UpkeepJob {
  readonly name: string;
  readonly everyMs: number;
  /** Looks at `ended` between pieces of long work. */
  run(ended: AbortSignal): Promise<void>;
}

/**
 * Runs jobs at the start and then again and again, each never twice at once. One that fails is logged and tried
 * again at its next time: upkeep never takes the server down.
 */
export class Upkeep {
  readonly #ended = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(jobs: readonly UpkeepJob[], log: Logger) {
    for (const job of jobs) {
      let busy = false;
      const run = async () => {
        if (busy || this.#ended.signal.aborted) return;
        busy = true;
        await job
          .run(this.#ended.signal)
          .catch((err: unknown) =>
            log.warn({ err, job: job.name }, 'upkeep failed; it is tried again later'),
          );
        busy = false;
      };
      const track = () => {
        const running = run().finally(() => this.#running.delete(running));
        this.#running.add(running);
      };
      track();
      const timer = setInterval(track, job.everyMs);
      timer.unref();
      this.#timers.push(timer);
    }
  }

  /** Ends what runs, at its next pause, and starts nothing more. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#ended.abort();
    await Promise.all(this.#running);
  }
}
