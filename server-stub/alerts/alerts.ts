import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/host/log.ts';
import type { Store } from '../store/database.ts';
import { AlertQueue } from './alert-queue.ts';
import type { Channel } from './channel.ts';
import { Courier } from './courier.ts';
import { Digests } from './digests.ts';
import { readTrails } from './read-trail.ts';
import { scanExpiries } from './scan-expiries.ts';
import { scanSilence } from './scan-silence.ts';
import { watchCertificates, watchQuotas } from './watch-levels.ts';

export interface AlertsSetting {
  readonly store: Store;
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the times in messages for people. */
  readonly zone: string;
  readonly digestSeconds: number;
  /** Of a receiver, in milliseconds. */
  readonly timeoutMs: number;
  readonly quotaPercent: number;
  readonly unseenDays: number;
  /** From 0 to 1, for back-off. */
  random(): number;
}

const NEVER = new AbortController().signal;

/** Finds out what happened, and tells those who want to know. What must not be lost is in the store. */
export class Alerts {
  readonly #setting: AlertsSetting;
  readonly #queue: AlertQueue;
  readonly #couriers: readonly Courier[];

  constructor(setting: AlertsSetting) {
    const { store, channels, zone, digestSeconds } = setting;
    this.#setting = setting;
    this.#queue = new AlertQueue(store, channels, { digestSeconds });
    const digests = new Digests(store, this.#queue, zone);
    this.#couriers = channels.map(
      (channel) => new Courier(channel, { ...setting, queue: this.#queue, digests }),
    );
  }

  /** Queues what was changed: activations, renewals that ran out, quotas that run out. */
  async noticeChanges(ended: AbortSignal = NEVER): Promise<void> {
    const { store, clock, quotaPercent: percent } = this.#setting;
    await readTrails(store, this.#queue, clock.now(), ended);
    await watchQuotas(store, this.#queue, { now: clock.now(), percent });
  }

  /** Queues what time alone brings about: licenses and certificates that end. */
  async noticeEnds(ended: AbortSignal = NEVER): Promise<void> {
    const { store, clock } = this.#setting;
    await scanExpiries(store, this.#queue, clock.now(), ended);
    await watchCertificates(store, this.#queue, clock.now());
  }

  /** Queues devices that have not been seen for long. */
  async noticeSilence(ended: AbortSignal = NEVER): Promise<void> {
    const { store, clock, unseenDays } = this.#setting;
    await scanSilence(store, this.#queue, { now: clock.now(), unseenDays }, ended);
  }

  /** Sends what is due, to each channel by itself; resolves when all rest. */
  async deliver(ended: AbortSignal = NEVER): Promise<void> {
    await Promise.all(this.#couriers.map((courier) => courier.deliver(ended)));
  }

  /** The same beside the caller: a promise for each channel that nobody was at work for. */
  setOut(ended: AbortSignal): Promise<void>[] {
    return this.#couriers.filter(({ isOut }) => !isOut).map((courier) => courier.deliver(ended));
  }

  /** Forgets what was told long ago. */
  prune(): Promise<void> {
    return this.#queue.prune(this.#setting.clock.now());
  }
}
