import { setTimeout } from 'node:timers/promises';
import type { Logger } from '#core/host/log.ts';
import type { Alerts } from './alerts.ts';

/** How long it sleeps, in milliseconds, where nothing wakes it: what other processes changed is found then. */
const SLEEP_MS = 10_000;
/** How long it rests after each look: changes that follow each other closely are looked at together. */
const REST_MS = 500;

/**
 * Looks for what was changed, and delivers, until it is stopped: soon after each commit of this process, else every
 * ten seconds. It waits for no receiver. What fails is tried again: alerts never take the server down.
 */
export class AlertLoop {
  readonly #alerts: Alerts;
  readonly #log: Logger;
  readonly #ended = new AbortController();
  readonly #delivering = new Set<Promise<void>>();
  readonly #done: Promise<void>;
  #wake: (() => void) | undefined;
  #isWoken = true;

  constructor(alerts: Alerts, log: Logger) {
    this.#alerts = alerts;
    this.#log = log;
    this.#done = this.#run();
  }

  /** Something was committed: costs the caller nothing. */
  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Breaks off what is under way; it is done again at the next start. */
  async stop(): Promise<void> {
    this.#ended.abort();
    this.#wake?.();
    await this.#done;
    await Promise.all(this.#delivering);
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      this.#isWoken = false;
      await this.#alerts.noticeChanges(signal).catch((err: unknown) => this.#failed(err));
      this.#setOut();
      await pause(REST_MS, signal);
      if (!this.#isWoken) await this.#sleep();
    }
  }

  /** What is due goes out beside the loop, so that no receiver holds it up. */
  #setOut(): void {
    for (const out of this.#alerts.setOut(this.#ended.signal)) {
      const back = out
        .catch((err: unknown) => this.#failed(err))
        .finally(() => this.#delivering.delete(back));
      this.#delivering.add(back);
    }
  }

  async #sleep(): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await pause(SLEEP_MS, AbortSignal.any([woken.signal, this.#ended.signal]));
    this.#wake = undefined;
  }

  #failed(err: unknown): void {
    this.#log.warn({ err }, 'alerts failed; they are tried again');
  }
}

/** Ends early where the signal aborts; keeps no process alive. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal, ref: false }).catch(() => {});
}
