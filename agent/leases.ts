import type { Licenses } from './licenses.ts';
import type { Refresher, RefreshOutcome } from './refresher.ts';

export type Admission =
  /** The server leased it. */
  | 'leased'
  /** No server answered, and it is the license's only session: counted like any other. */
  | 'alone'
  /** As many run as were bought, or no server could be asked for more than one. */
  | 'exhausted';

export interface LeasesParts {
  readonly licenses: Licenses;
  /** For leases alone, so that none waits behind a refresh. */
  readonly refresher: Refresher;
  /** Sessions of a license that run now. */
  readonly running: (licenseKey: string) => number;
}

interface Lease {
  readonly sessions: number;
  /** Seconds since boot. */
  readonly until: number;
  readonly seconds: number;
}

/** How long an application waits for the server before the rule of no server holds, in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * Sessions of licenses that are capped: leased from the server while it answers. While it does not, each license may run
 * one session. Source: contract, Rules "PCU limit"; docs, "Concurrent users".
 */
export class Leases {
  readonly #parts: LeasesParts;
  readonly #leases = new Map<string, Lease>();
  /** One after the other for a license, so that two sessions do not both count themselves as the first. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(parts: LeasesParts) {
    this.#parts = parts;
  }

  /** Whether sessions of a license run under leases. */
  async isCapped(licenseKey: string): Promise<boolean> {
    return (await this.#parts.licenses.held(licenseKey)).token?.pcu !== undefined;
  }

  /**
   * Does work while nobody else begins or ends a session of this license.
   *
   * @param wanted sessions at the same time, counted then
   */
  async admit<T>(
    licenseKey: string,
    wanted: () => number,
    work: (admission: Admission) => T | Promise<T>,
  ): Promise<T> {
    const before = this.#last.get(licenseKey);
    const mine = (async () => {
      await before?.catch(() => {});
      return work(await this.#admission(licenseKey, wanted()));
    })();
    this.#last.set(licenseKey, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(licenseKey) === mine) this.#last.delete(licenseKey);
    }
  }

  /** Keeps or gives back what is leased, as sessions go on or end; nobody waits for it. */
  keep(licenseKey: string): void {
    const running = this.#running(licenseKey);
    const lease = this.#leases.get(licenseKey);
    // Sessions that began alone, while no server answered, are leased as soon as one does.
    if (lease === undefined ? running === 0 : running === lease.sessions && !this.#isEnding(lease)) return;
    // Behind whoever begins a session now, and by what runs then: nothing may be given back that was just taken.
    const before = this.#last.get(licenseKey);
    const mine = (async () => {
      await before?.catch(() => {});
      if (lease === undefined && !(await this.isCapped(licenseKey))) return;
      await Promise.race([this.#ask(licenseKey, this.#running(licenseKey)), patience()]).catch(() => {});
    })();
    this.#last.set(licenseKey, mine);
    void mine.finally(() => {
      if (this.#last.get(licenseKey) === mine) this.#last.delete(licenseKey);
    });
  }

  async #admission(licenseKey: string, wanted: number): Promise<Admission> {
    const lease = this.#leases.get(licenseKey);
    if (lease !== undefined && lease.until > this.#uptime() && lease.sessions >= wanted) return 'leased';
    const outcome = await Promise.race([this.#ask(licenseKey, wanted), patience()]);
    if (outcome?.kind === 'lease') return 'leased';
    if (outcome?.kind === 'denial') return 'exhausted';
    return wanted === 1 ? 'alone' : 'exhausted';
  }

  async #ask(licenseKey: string, sessions: number): Promise<RefreshOutcome | undefined> {
    const outcomes = await this.#parts.refresher.refresh([licenseKey], { purpose: 'lease', sessions });
    const outcome = outcomes.get(licenseKey);
    if (outcome?.kind === 'lease') {
      const seconds = Math.max(0, outcome.exp - outcome.iat);
      if (outcome.sessions === 0) this.#leases.delete(licenseKey);
      else
        this.#leases.set(licenseKey, {
          sessions: outcome.sessions,
          until: this.#uptime() + seconds,
          seconds,
        });
    }
    return outcome;
  }

  #isEnding({ until, seconds }: Lease): boolean {
    return until - this.#uptime() < seconds / 2;
  }

  #running(licenseKey: string): number {
    return this.#parts.running(licenseKey);
  }

  #uptime(): number {
    return this.#parts.licenses.clock.reading().uptime;
  }
}

function patience(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), PATIENCE_MS).unref());
}
