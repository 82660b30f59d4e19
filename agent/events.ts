import type { AgentStatus } from './client/local-answers.ts';
import type { Licenses } from './licenses.ts';

export interface AgentEvent {
  /** `status`: the device's own license, all of it; `license`: one that is held for another device. */
  readonly event: 'status' | 'license';
  readonly data: object;
}

export interface EventsParts {
  readonly licenses: Licenses;
  readonly status: (licenseKey: string) => Promise<AgentStatus>;
}

type Subscriber = (event: AgentEvent) => void;

/** Usage periods begin and end on full minutes. */
const LOOK_EVERY_SECONDS = 60;

/** Tells subscribers of each change of a license, at once: what the server, a person, a meter or time changed. */
export class Events {
  readonly #parts: EventsParts;
  readonly #subscribers = new Set<Subscriber>();
  /** What was told last, by LicenseKey. */
  readonly #told = new Map<string, string>();
  readonly #stopListening: () => void;
  #changed = new Set<string>();
  #telling: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: EventsParts) {
    this.#parts = parts;
    this.#stopListening = parts.licenses.onChange((licenseKeys) => this.#look(licenseKeys));
  }

  close(): void {
    this.#stopListening();
    clearTimeout(this.#timer);
    this.#subscribers.clear();
  }

  /** Tells the present status, then each change; the way to stop that. */
  async subscribe(tell: Subscriber): Promise<() => void> {
    const status = await this.#parts.status(this.#own);
    this.#told.set(this.#own, essenceOf(status));
    tell({ event: 'status', data: status });
    this.#subscribers.add(tell);
    this.#plan(status);
    return () => {
      this.#subscribers.delete(tell);
      if (this.#subscribers.size > 0) return;
      clearTimeout(this.#timer);
      this.#told.clear();
    };
  }

  get #own(): string {
    return this.#parts.licenses.own;
  }

  #look(licenseKeys: readonly string[]): void {
    if (this.#subscribers.size === 0) return;
    for (const licenseKey of licenseKeys) this.#changed.add(licenseKey);
    this.#telling ??= this.#tellChanges().finally(() => {
      this.#telling = undefined;
    });
  }

  async #tellChanges(): Promise<void> {
    while (this.#changed.size > 0) {
      const [licenseKey = ''] = this.#changed;
      this.#changed.delete(licenseKey);
      // A status that cannot be had now is told when it can.
      const status = await this.#parts.status(licenseKey).catch(() => undefined);
      if (status !== undefined) this.#tell(licenseKey, status);
    }
  }

  #tell(licenseKey: string, status: AgentStatus): void {
    const essence = essenceOf(status);
    if (this.#told.get(licenseKey) !== essence) {
      this.#told.set(licenseKey, essence);
      const event = { event: licenseKey === this.#own ? 'status' : 'license', data: status } as const;
      for (const tell of this.#subscribers) tell(event);
    }
    if (licenseKey === this.#own) this.#plan(status);
  }

  /** What time alone changes is looked at when it does: at the end of the state, and on full minutes. */
  #plan({ until, trustedTime }: AgentStatus): void {
    clearTimeout(this.#timer);
    if (this.#subscribers.size === 0) return;
    const minute = LOOK_EVERY_SECONDS - (trustedTime % LOOK_EVERY_SECONDS);
    const end = until === null || until <= trustedTime ? minute : until - trustedTime;
    this.#timer = setTimeout(() => this.#look([this.#own]), Math.min(minute, end) * 1000);
    this.#timer.unref();
  }
}

/** What of a status is news when it changes; the time and the plan are not. */
function essenceOf(status: AgentStatus): string {
  const { state, reason, since, until, license, expireTime, usableUntil, sku, capabilities } = status;
  const { fault = null, appId, pid, enrolled, clockUnconfirmed } = status;
  return JSON.stringify([
    ...[state, reason, since, until, license, expireTime, usableUntil, sku, capabilities],
    ...[fault, appId, pid, enrolled, clockUnconfirmed],
  ]);
}
