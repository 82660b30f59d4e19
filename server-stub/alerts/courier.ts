import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/host/log.ts';
import type { AlertEvent } from './alert-event.ts';
import { type AlertQueue, LONGEST_WAIT_SECONDS, type Settlement, type Verdict } from './alert-queue.ts';
import { backOff } from './back-off.ts';
import type { Channel, Receipt } from './channel.ts';
import type { Digests } from './digests.ts';

export interface CourierSetting {
  readonly queue: AlertQueue;
  readonly digests: Digests;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of a receiver, in milliseconds: a claim outlasts all that is sent under it. */
  readonly timeoutMs: number;
  /** From 0 to 1, for back-off. */
  random(): number;
}

/** Webhooks sent side by side, after a first one showed that the receiver answers. */
const SIDE_BY_SIDE = 4;
const WEBHOOKS_AT_ONCE = 1 + 2 * SIDE_BY_SIDE;
/** Events for people in one look: a million licenses that end on one day are ten thousand events. */
const EVENTS_AT_ONCE = 10_000;
/** The longest rest of a channel, in seconds: its own failures say more than those of its deliveries. */
const LONGEST_REST_SECONDS = 600;

/**
 * Brings its deliveries to one channel, by itself: a receiver that is slow or silent holds up nobody else. After a
 * failure that would meet every delivery the channel rests a while, and what was not tried is not counted.
 */
export class Courier {
  readonly #channel: Channel;
  readonly #setting: CourierSetting;
  readonly #claimSeconds: number;
  #failures = 0;
  #restsUntil = 0;
  #running: Promise<void> | undefined;

  constructor(channel: Channel, setting: CourierSetting) {
    this.#channel = channel;
    this.#setting = setting;
    // Three rounds: the first, and those side by side.
    this.#claimSeconds = Math.ceil((4 * setting.timeoutMs) / 1000) + 5;
  }

  /** Whether it is at work. */
  get isOut(): boolean {
    return this.#running !== undefined;
  }

  /** Delivers what is due, until nothing is or the channel rests; joins what runs already. */
  deliver(ended: AbortSignal): Promise<void> {
    this.#running ??= this.#work(ended).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #work(ended: AbortSignal): Promise<void> {
    const step = this.#channel.audience === 'program' ? this.#webhooks : this.#digest;
    while (!ended.aborted && !this.#isResting) {
      if (!(await step.call(this, ended))) return;
    }
  }

  /** Sends some events to a program, one by one; false where none was due. */
  async #webhooks(ended: AbortSignal): Promise<boolean> {
    const { queue, clock } = this.#setting;
    const channel = this.#channel;
    if (channel.audience !== 'program') return false;
    const claimed = await queue.claim(channel.name, clock.now(), {
      most: WEBHOOKS_AT_ONCE,
      seconds: this.#claimSeconds,
    });
    if (claimed.length === 0) return false;
    const attempts = new Map(claimed.map((event) => [event.event_id, event.attempts]));
    const [first, ...others] = await queue.read([...attempts.keys()]);
    const settlements: Settlement[] = [];
    const send = async (event: AlertEvent): Promise<void> => {
      const receipt = await this.#unlessResting(ended, () => channel.send(event, clock.now(), ended));
      const verdict = this.#verdict(receipt, attempts.get(event.eventId) ?? 0);
      settlements.push({ ...verdict, eventId: event.eventId });
    };
    if (first !== undefined) await send(first);
    const waiting = others.values();
    const sendOthers = async (): Promise<void> => {
      for (const event of waiting) await send(event);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, sendOthers));
    await this.#settle(settlements);
    return true;
  }

  /** Sends people what happened, a message for each company; false where nothing was due. */
  async #digest(ended: AbortSignal): Promise<boolean> {
    const { queue, digests, clock } = this.#setting;
    const channel = this.#channel;
    if (channel.audience !== 'people') return false;
    const claimed = await queue.claim(channel.name, clock.now(), {
      most: EVENTS_AT_ONCE,
      seconds: this.#claimSeconds,
    });
    if (claimed.length === 0) return false;
    const claimEnds = clock.now() + this.#claimSeconds / 2;
    for (const [cid, events] of Map.groupBy(claimed, (event) => event.cid)) {
      const receipt = await this.#unlessResting(ended, async () => {
        if (clock.now() > claimEnds) return undefined;
        const message = await digests.compose(cid, events, channel.language);
        return channel.send(message, clock.now(), ended);
      });
      // All of a message come back together, as soon as the one of them that failed least often.
      const verdict = this.#verdict(receipt, Math.min(...events.map(({ attempts }) => attempts)));
      await this.#settle(events.map(({ event_id }) => ({ ...verdict, eventId: event_id })));
    }
    return true;
  }

  /** What came of sending; undefined where it was not tried, or the server's end cut it off. */
  async #unlessResting(
    ended: AbortSignal,
    send: () => Promise<Receipt | undefined>,
  ): Promise<Receipt | undefined> {
    if (this.#isResting || ended.aborted) return undefined;
    try {
      return await send();
    } catch (thrown) {
      if (ended.aborted) return undefined;
      throw thrown;
    }
  }

  get #isResting(): boolean {
    const now = this.#setting.clock.now();
    // A rest longer than any is that of a clock which was wrong.
    return this.#restsUntil > now && this.#restsUntil <= now + LONGEST_WAIT_SECONDS;
  }

  /** What a receipt means for a delivery, and for the channel. */
  #verdict(receipt: Receipt | undefined, failures: number): Verdict {
    const { clock, random } = this.#setting;
    if (receipt === undefined) return { outcome: 'released' };
    if (receipt.delivered) {
      this.#failures = 0;
      return { outcome: 'delivered' };
    }
    const { problem, unavailable, retryAfterSeconds = 0 } = receipt;
    if (unavailable && !this.#isResting) {
      const rest = Math.min(backOff(this.#failures, random()), LONGEST_REST_SECONDS);
      this.#restsUntil = clock.now() + Math.min(Math.max(rest, retryAfterSeconds), LONGEST_WAIT_SECONDS);
      this.#failures += 1;
    }
    return { outcome: 'failed', problem, waitSeconds: backOff(failures, random(), retryAfterSeconds) };
  }

  async #settle(settlements: readonly Settlement[]): Promise<void> {
    const { queue, clock, log } = this.#setting;
    const { name: channel } = this.#channel;
    const failed = settlements.find(({ outcome }) => outcome === 'failed');
    if (failed?.outcome === 'failed')
      log.warn({ channel, problem: failed.problem.en }, 'an alert was not delivered; it is tried again');
    const givenUp = await queue.settle(channel, clock.now(), settlements);
    if (givenUp.length > 0)
      log.error({ channel, events: givenUp.slice(0, 10), count: givenUp.length }, 'alerts were given up');
  }
}
