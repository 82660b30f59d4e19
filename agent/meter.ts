import { LicenseError } from '#core/errors.ts';
import type { Media } from '#core/evaluate.ts';
import { newId } from '#core/ids.ts';
import type { CheckAnswer, SessionAnswer } from './client/local-answers.ts';
import { CountedTime } from './counted-time.ts';
import { subjectOf } from './enrolled.ts';
import type { Leases } from './leases.ts';
import type { Licenses } from './licenses.ts';
import type { LicenseId } from './store/schema.ts';

/** How often an application says that its session goes on, in seconds. */
export const HEARTBEAT_SECONDS = 60;
/** A session of which nothing was heard for so long is over since its last heartbeat, in seconds. */
const SILENCE_SECONDS = 150;
/** Sessions of one agent at most. */
const MOST_SESSIONS = 20_000;

interface Session {
  readonly id: string;
  readonly licenseKey: string;
  readonly media: Media;
  /** Seconds since boot. */
  lastBeat: number;
}

/** What of a license is in use. */
interface LicenseUse {
  readonly counted: CountedTime;
  readonly sessions: Set<Session>;
}

/** Answers whether a license may be used now. */
export type CheckLicense = (licenseKey: string, media: Media) => Promise<CheckAnswer>;

export interface MeterParts {
  readonly licenses: Licenses;
  readonly leases: Leases;
  readonly check: CheckLicense;
}

/**
 * Counts the use of licenses: applications open sessions, say every minute that they go on, and end them. Sessions of
 * one license that run beside each other count once. What is counted is on the disk before the answer. Source: design,
 * Agent "Meter"; Server "Minutes".
 */
export class Meter {
  readonly #licenses: Licenses;
  readonly #leases: Leases;
  readonly #check: CheckLicense;
  readonly #sessions = new Map<string, Session>();
  /** By LicenseKey, while it has sessions. */
  readonly #uses = new Map<string, LicenseUse>();
  #silentEndedAt = 0;
  #waiting: { readonly counted: [LicenseId, number][]; readonly stored: Promise<void> } | undefined;

  constructor({ licenses, leases, check }: MeterParts) {
    this.#licenses = licenses;
    this.#leases = leases;
    this.#check = check;
  }

  /**
   * Begins a session where the license allows it; where not, the answer says why and there is none.
   *
   * @throws `too_many_sessions`
   */
  async open(licenseKey: string, media: Media): Promise<SessionAnswer> {
    this.#endSilent();
    if (this.#sessions.size >= MOST_SESSIONS)
      throw new LicenseError('too_many_sessions', { most: MOST_SESSIONS });
    const check = await this.#check(licenseKey, media);
    if (!check.allowed) return answerOf(null, check);
    if (!(await this.#leases.isCapped(licenseKey))) return answerOf(this.#begin(licenseKey, media), check);
    return this.#leases.admit(
      licenseKey,
      () => this.running(licenseKey) + 1,
      (admission) =>
        admission === 'exhausted'
          ? { ...answerOf(null, check), allowed: false, reason: 5, because: 'concurrency_exhausted' }
          : answerOf(this.#begin(licenseKey, media), check),
    );
  }

  #begin(licenseKey: string, media: Media): string {
    const session = { id: newId(), licenseKey, media, lastBeat: this.#uptime() };
    this.#sessions.set(session.id, session);
    this.#useOf(licenseKey).sessions.add(session);
    return session.id;
  }

  /**
   * A session goes on: what passed is counted. Where the license no longer allows it, the answer says why and the
   * session is over.
   *
   * @throws `unknown_session`
   */
  async beat(id: string): Promise<SessionAnswer> {
    const session = this.#require(id);
    await this.#count(session);
    const check = await this.#checkRunning(session);
    this.#leases.keep(session.licenseKey);
    if (check.allowed) return answerOf(id, check);
    this.#remove(session);
    return answerOf(null, check);
  }

  /** @throws `unknown_session` */
  async end(id: string): Promise<SessionAnswer> {
    const session = this.#require(id);
    // No second end of it counts beside this one.
    this.#sessions.delete(id);
    await this.#count(session);
    this.#remove(session);
    this.#leases.keep(session.licenseKey);
    return answerOf(null, await this.#checkRunning(session));
  }

  /** A license that was given up while its session ran allows nothing, and is no fault of whoever asks. */
  async #checkRunning({ licenseKey, media }: Session): Promise<CheckAnswer> {
    return this.#check(licenseKey, media).catch((thrown: unknown): CheckAnswer => {
      if (!(thrown instanceof LicenseError) || thrown.code !== 'not_held') throw thrown;
      const gone = { state: 'released', because: 'released', until: null, detail: {} } as const;
      return { allowed: false, media, reason: 1, ...gone };
    });
  }

  /** Sessions of a license that run now. */
  running(licenseKey: string): number {
    this.#endSilent();
    return this.#uses.get(licenseKey)?.sessions.size ?? 0;
  }

  #require(id: string): Session {
    this.#endSilent();
    const session = this.#sessions.get(id);
    if (session === undefined) throw new LicenseError('unknown_session', { session: id });
    return session;
  }

  /** Counts a session up to now; resolves once that is stored. */
  async #count(session: Session): Promise<void> {
    const { licenseKey } = session;
    const now = this.#uptime();
    const { counted, sessions } = this.#useOf(licenseKey);
    const seconds = counted.add(session.lastBeat, now);
    session.lastBeat = now;
    counted.forget(Math.min(...[...sessions].map(({ lastBeat }) => lastBeat)));
    if (seconds > 0) await this.#store(licenseKey, seconds);
  }

  /** What is counted in one turn of the event loop is stored in one transaction. */
  #store(licenseKey: string, seconds: number): Promise<void> {
    const { enrolled } = this.#licenses;
    if (enrolled === undefined) return Promise.resolve();
    this.#waiting ??= this.#nextTurn();
    this.#waiting.counted.push([subjectOf(enrolled, licenseKey), seconds]);
    return this.#waiting.stored;
  }

  #nextTurn() {
    const counted: [LicenseId, number][] = [];
    const stored = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#waiting = undefined;
      this.#licenses.totals.add(counted);
      this.#licenses.announce([...new Set(counted.map(([{ licenseKey }]) => licenseKey))]);
    });
    return { counted, stored };
  }

  /** Looked at once in a second at most: there may be thousands. */
  #endSilent(): void {
    const now = this.#uptime();
    if (now === this.#silentEndedAt) return;
    this.#silentEndedAt = now;
    for (const session of this.#sessions.values())
      if (now - session.lastBeat > SILENCE_SECONDS) this.#remove(session);
  }

  #remove(session: Session): void {
    const { id, licenseKey } = session;
    this.#sessions.delete(id);
    const use = this.#uses.get(licenseKey);
    use?.sessions.delete(session);
    if (use?.sessions.size === 0) this.#uses.delete(licenseKey);
  }

  #useOf(licenseKey: string): LicenseUse {
    const use = this.#uses.get(licenseKey) ?? { counted: new CountedTime(), sessions: new Set() };
    this.#uses.set(licenseKey, use);
    return use;
  }

  #uptime(): number {
    return this.#licenses.clock.reading().uptime;
  }
}

function answerOf(id: string | null, check: CheckAnswer): SessionAnswer {
  return { id, heartbeatSeconds: HEARTBEAT_SECONDS, ...check };
}
