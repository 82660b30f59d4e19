import type { EpochSeconds } from '#core/clock.ts';
import { isEnding } from '#core/documents/license-denial.ts';
import type { Verdict } from '#core/evaluate.ts';
import type { Logger } from '#core/host/log.ts';
import type { HeldLicense } from './held-license.ts';
import type { Licenses } from './licenses.ts';
import { MIN_RETRY_SECONDS, nextRefreshDelay } from './next-refresh.ts';
import type { Refresher, RefreshOutcome } from './refresher.ts';

export interface RefreshLoopParts {
  readonly licenses: Licenses;
  readonly refresher: Refresher;
  readonly random: () => number;
  readonly intervalSeconds: number;
  readonly log: Logger;
}

/** The longest sleep, in seconds: timers stand still while a machine is suspended, boot time does not. */
const LONGEST_SLEEP_SECONDS = 60;
/** A fleet that is switched on together does not call in chorus. */
const START_SPREAD_SECONDS = 60;

/** Keeps the license fresh: waits, asks the server, plans the next time. */
export class RefreshLoop {
  readonly #parts: RefreshLoopParts;
  #timer: NodeJS.Timeout | undefined;
  /** In seconds since boot; undefined while nothing is to be asked for. */
  #dueUptime: number | undefined;
  #failures = 0;
  #retryAfterSeconds: number | undefined;
  #isRefreshing = false;
  #isStopped = false;

  constructor(parts: RefreshLoopParts) {
    this.#parts = parts;
  }

  /** Starts, or starts over under another enrollment: at once where the device may not work. */
  async start(): Promise<void> {
    this.#failures = 0;
    const delay = await this.#firstDelay();
    this.#sleep(delay);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** When the next refresh is due, by trusted time. */
  get nextAt(): EpochSeconds | undefined {
    if (this.#dueUptime === undefined) return undefined;
    const { clock } = this.#parts.licenses;
    return clock.time().now + Math.max(0, this.#dueUptime - clock.reading().uptime);
  }

  /** Sees a verdict that somebody asked for: what was altered on the disk is healed at once. */
  consider({ state }: Verdict): void {
    const isNews = this.#failures === 0 && !this.#isRefreshing && this.#parts.licenses.enrolled !== undefined;
    if (state === 'invalid' && isNews) this.#sleep(0);
  }

  /** Takes over the outcome of a refresh that a person asked for. */
  async planAfter(outcome: RefreshOutcome): Promise<void> {
    this.#sleep(await this.#delayAfter(outcome));
  }

  async #firstDelay(): Promise<number | undefined> {
    const { licenses, random, intervalSeconds } = this.#parts;
    if (licenses.enrolled === undefined) return undefined;
    const { verdict, time, held } = await licenses.verdict();
    if (isEnded(held)) return undefined;
    if (verdict.state !== 'active') return 0;
    const contact = licenses.store.contact(licenses.enrolled.subject);
    const elapsed = contact?.outcome === 'ok' ? Math.max(0, time.now - contact.at) : intervalSeconds;
    const routine = nextRefreshDelay(this.#situation(verdict, time.now), random);
    return Math.max(Math.floor(random() * START_SPREAD_SECONDS), routine - elapsed);
  }

  #situation({ state, until }: Verdict, now: EpochSeconds) {
    return {
      state,
      secondsToEnd: until === undefined ? undefined : until - now,
      failures: this.#failures,
      retryAfterSeconds: this.#retryAfterSeconds,
      intervalSeconds: this.#parts.intervalSeconds,
    };
  }

  async #delayAfter(outcome: RefreshOutcome): Promise<number | undefined> {
    const { licenses, random } = this.#parts;
    const { verdict, time, held } = await licenses.verdict();
    if (licenses.enrolled === undefined || isEnded(held)) return undefined;
    const isUsable = verdict.state !== 'unlicensed' && verdict.state !== 'invalid';
    // A denial that leaves a usable license as it was is an answer; to a device with none it is a failure.
    const failed = outcome.kind === 'failure' || (outcome.kind === 'denial' && !isUsable);
    this.#failures = failed ? this.#failures + 1 : 0;
    this.#retryAfterSeconds =
      outcome.kind === 'failure' && typeof outcome.error.detail['retryAfterSeconds'] === 'number'
        ? outcome.error.detail['retryAfterSeconds']
        : undefined;
    return Math.max(MIN_RETRY_SECONDS, nextRefreshDelay(this.#situation(verdict, time.now), random));
  }

  #sleep(delay: number | undefined): void {
    clearTimeout(this.#timer);
    const { clock } = this.#parts.licenses;
    this.#dueUptime = delay === undefined ? undefined : clock.reading().uptime + delay;
    if (!this.#isStopped && this.#dueUptime !== undefined) this.#wakeAt(this.#dueUptime);
  }

  #wakeAt(dueUptime: number): void {
    const left = Math.max(0, dueUptime - this.#parts.licenses.clock.reading().uptime);
    const sleepMs = Math.min(left, LONGEST_SLEEP_SECONDS) * 1000;
    this.#timer = setTimeout(() => {
      if (this.#parts.licenses.clock.reading().uptime < dueUptime) this.#wakeAt(dueUptime);
      else void this.#refresh();
    }, sleepMs);
  }

  async #refresh(): Promise<void> {
    this.#isRefreshing = true;
    try {
      const outcome = await this.#parts.refresher.refresh('automatic');
      if (this.#isStopped) return;
      this.#sleep(await this.#delayAfter(outcome));
    } catch (cause) {
      this.#failures += 1;
      this.#parts.log.error({ err: cause }, 'the refresh loop stumbled');
      this.#sleep(LONGEST_SLEEP_SECONDS);
    } finally {
      this.#isRefreshing = false;
    }
  }
}

/** After an ending denial the daemon asks for nothing. Source: protocol, "What ends a license on a device". */
function isEnded({ denial }: HeldLicense): boolean {
  return denial !== undefined && isEnding(denial.code);
}
