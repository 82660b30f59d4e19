import { nextRefreshDelay, type RefreshSituation } from './next-refresh.ts';

/** What of a situation is known outside of the schedule. */
export type RefreshNeed = Pick<RefreshSituation, 'state' | 'secondsToEnd'>;

export interface RefreshScheduleOptions {
  readonly intervalSeconds: number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

interface Entry {
  /** In seconds since boot; undefined while nothing is to be asked for. */
  due: number | undefined;
  /** Contacts that failed since the last that did not. */
  failures: number;
}

/** When each license is to be refreshed, in seconds since boot. Source: design, Agent "Refresh". */
export class RefreshSchedule {
  readonly #options: RefreshScheduleOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: RefreshScheduleOptions) {
    this.#options = options;
  }

  /** Sets when a license is due, its failures forgotten; undefined: not by itself. */
  set(licenseKey: string, due: number | undefined): void {
    this.#entries.set(licenseKey, { due, failures: 0 });
  }

  /** Plans the next try after a contact that did not. */
  failed(licenseKey: string, uptime: number, retryAfterSeconds?: number): void {
    const { intervalSeconds, random } = this.#options;
    const entry = this.#entry(licenseKey);
    entry.failures += 1;
    const { failures } = entry;
    const situation = { state: 'active', failures, retryAfterSeconds, intervalSeconds } as const;
    entry.due = uptime + nextRefreshDelay(situation, random);
  }

  /** Seconds of the routine. */
  delay(need: RefreshNeed): number {
    const { intervalSeconds, random } = this.#options;
    return nextRefreshDelay({ ...need, failures: 0, intervalSeconds }, random);
  }

  /** When a license is due; undefined where it is not by itself. */
  dueOf(licenseKey: string): number | undefined {
    return this.#entries.get(licenseKey)?.due;
  }

  failuresOf(licenseKey: string): number {
    return this.#entries.get(licenseKey)?.failures ?? 0;
  }

  /** When the first license is due. */
  get next(): number | undefined {
    let first: number | undefined;
    for (const { due } of this.#entries.values())
      if (due !== undefined && (first === undefined || due < first)) first = due;
    return first;
  }

  /** Takes the licenses that are due, the longest due first; they are planned anew once their contact is over. */
  takeDue(uptime: number, most: number): string[] {
    const due = [...this.#entries]
      .flatMap(([licenseKey, entry]) =>
        entry.due !== undefined && entry.due <= uptime ? [{ licenseKey, entry, at: entry.due }] : [],
      )
      .toSorted((a, b) => a.at - b.at)
      .slice(0, most);
    for (const { entry } of due) entry.due = undefined;
    return due.map(({ licenseKey }) => licenseKey);
  }

  remove(licenseKey: string): void {
    this.#entries.delete(licenseKey);
  }

  clear(): void {
    this.#entries.clear();
  }

  #entry(licenseKey: string): Entry {
    const known = this.#entries.get(licenseKey);
    if (known !== undefined) return known;
    const entry: Entry = { due: undefined, failures: 0 };
    this.#entries.set(licenseKey, entry);
    return entry;
  }
}
