import type { EpochSeconds } from '#core/clock.ts';
import { isEnding } from '#core/documents/license-denial.ts';
import type { LicenseError } from '#core/errors.ts';
import type { Verdict } from '#core/evaluate.ts';
import type { Logger } from '#core/host/log.ts';
import { subjectOf } from './enrolled.ts';
import type { HeldLicense } from './held-license.ts';
import type { Licenses } from './licenses.ts';
import { MIN_RETRY_SECONDS } from './next-refresh.ts';
import { RefreshSchedule } from './refresh-schedule.ts';
import { LICENSES_PER_CALL, type Refresher, type RefreshOutcome } from './refresher.ts';

export interface RefreshLoopParts {
  readonly licenses: Licenses;
  readonly refresher: Refresher;
  readonly random: () => number;
  readonly intervalSeconds: number;
  /** Whether the device needs a license for itself. */
  readonly holdsOwn: boolean;
  readonly log: Logger;
}

/** The longest sleep, in seconds: timers stand still while a machine is suspended, boot time does not. */
const LONGEST_SLEEP_SECONDS = 60;
/** A fleet that is switched on together does not call in chorus. */
const START_SPREAD_SECONDS = 60;
/** Over how long a gateway spreads what fell due while it was away: a thousand licenses in so many seconds. */
const OVERDUE_SPREAD_SECONDS = 60;
/** A gateway's licenses fall due together, once in so many seconds, so that one call serves several. */
const BATCH_EVERY_SECONDS = 60;

/** Keeps licenses fresh: waits, asks the server, plans the next time. */
export class RefreshLoop {
  readonly #parts: RefreshLoopParts;
  readonly #schedule: RefreshSchedule;
  #timer: NodeJS.Timeout | undefined;
  #isRefreshing = false;
  #isStopped = false;

  constructor(parts: RefreshLoopParts) {
    this.#parts = parts;
    this.#schedule = new RefreshSchedule(parts);
  }

  /** Starts, or starts over under another enrollment: at once where the device may not work. */
  async start(): Promise<void> {
    const { licenses, holdsOwn } = this.#parts;
    this.#schedule.clear();
    if (licenses.enrolled !== undefined) {
      if (holdsOwn) await this.#planFirst();
      this.#planMembers();
    }
    this.#wake();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** When the next refresh of a license is due, by trusted time. */
  nextAt(licenseKey: string): EpochSeconds | undefined {
    const due = this.#schedule.dueOf(licenseKey);
    return due === undefined ? undefined : this.#trustedTimeAt(due);
  }

  /** Sees a verdict that somebody asked for: what was altered on the disk is healed at once. */
  consider(licenseKey: string, { state }: Verdict): void {
    const isNews =
      this.#schedule.dueOf(licenseKey) !== undefined && this.#schedule.failuresOf(licenseKey) === 0;
    if (state === 'invalid' && isNews && !this.#isRefreshing) this.add([licenseKey]);
  }

  /** Licenses that are to be asked for now. */
  add(licenseKeys: readonly string[]): void {
    const uptime = this.#uptime();
    for (const licenseKey of licenseKeys) this.#schedule.set(licenseKey, uptime);
    this.#wake();
  }

  remove(licenseKeys: readonly string[]): void {
    for (const licenseKey of licenseKeys) this.#schedule.remove(licenseKey);
  }

  /** Takes over the outcomes of a contact. */
  async planAfter(outcomes: ReadonlyMap<string, RefreshOutcome>): Promise<void> {
    for (const [licenseKey, outcome] of outcomes) await this.#plan(licenseKey, outcome);
    this.#keepPlan([...outcomes.keys()]);
    this.#wake();
  }

  async #planFirst(): Promise<void> {
    const { licenses, random, intervalSeconds } = this.#parts;
    const { own } = licenses;
    const { verdict, time, held } = await licenses.verdict();
    if (isEnded(held)) return;
    if (verdict.state !== 'active') return this.#schedule.set(own, this.#uptime());
    const contact = licenses.store.contacts.of(licenses.requireEnrolled().subject);
    const elapsed = contact?.outcome === 'ok' ? Math.max(0, time.now - contact.at) : intervalSeconds;
    const routine = this.#schedule.delay(needOf(verdict, time.now));
    const delay = Math.max(Math.floor(random() * START_SPREAD_SECONDS), routine - elapsed);
    this.#schedule.set(own, this.#uptime() + delay);
  }

  /** By what was noted, and not by looking at each license: there may be 10,000. */
  #planMembers(): void {
    const { licenses, random } = this.#parts;
    const members = licenses.store.members.all(licenses.requireEnrolled().subject);
    const uptime = this.#uptime();
    const { now } = licenses.clock.time();
    const spread = START_SPREAD_SECONDS + (members.length / 1000) * OVERDUE_SPREAD_SECONDS;
    for (const { licenseKey, nextAt } of members) {
      const left = nextAt === null ? 0 : nextAt - now;
      // No clock that is wrong puts a refresh off for longer than the routine.
      const wait = Math.min(left, this.#parts.intervalSeconds);
      this.#schedule.set(licenseKey, inBatches(uptime + (wait > 0 ? wait : random() * spread)));
    }
  }

  async #plan(licenseKey: string, outcome: RefreshOutcome): Promise<void> {
    const { licenses } = this.#parts;
    const uptime = this.#uptime();
    const isOwn = licenseKey === licenses.own;
    if (outcome.kind === 'failure' && !isOwn)
      return this.#schedule.failed(licenseKey, uptime, retryAfterOf(outcome.error));

    // A gateway's license that was given up is no longer its own.
    if (!isOwn && !licenses.isMember(licenseKey)) return this.#schedule.remove(licenseKey);
    const { verdict, time, held } = await licenses.verdict(licenseKey);
    if (licenses.enrolled === undefined || isEnded(held)) return this.#schedule.set(licenseKey, undefined);
    // It still has a license there, which it holds no more here.
    if (outcome.kind === 'denial' && outcome.code === 'transfer_refused')
      return this.#schedule.set(licenseKey, uptime);
    const isUsable = verdict.state !== 'unlicensed' && verdict.state !== 'invalid';
    // A denial that leaves a usable license as it was is an answer; to a device with none it is a failure.
    if (outcome.kind === 'failure' || (outcome.kind === 'denial' && !isUsable))
      return this.#schedule.failed(
        licenseKey,
        uptime,
        outcome.kind === 'failure' ? retryAfterOf(outcome.error) : undefined,
      );
    const delay = Math.max(MIN_RETRY_SECONDS, this.#schedule.delay(needOf(verdict, time.now)));
    this.#schedule.set(licenseKey, isOwn ? uptime + delay : inBatches(uptime + delay));
  }

  /** What is due when, for the next start; nothing is lost where the disk does not take it. */
  #keepPlan(licenseKeys: readonly string[]): void {
    const { licenses, log } = this.#parts;
    const members = licenseKeys.filter((licenseKey) => licenseKey !== licenses.own);
    if (members.length === 0 || licenses.enrolled === undefined) return;
    const { enrolled } = licenses;
    try {
      licenses.store.contacts.plan(
        members.map((licenseKey) => [subjectOf(enrolled, licenseKey), this.nextAt(licenseKey)]),
      );
    } catch (cause) {
      log.error({ err: cause }, 'the plan was not stored');
    }
  }

  #wake(): void {
    clearTimeout(this.#timer);
    const next = this.#schedule.next;
    if (this.#isStopped || this.#isRefreshing || next === undefined) return;
    const left = Math.max(0, next - this.#uptime());
    this.#timer = setTimeout(() => {
      if (this.#uptime() < next) this.#wake();
      else void this.#refresh();
    }, Math.min(left, LONGEST_SLEEP_SECONDS) * 1000);
  }

  async #refresh(): Promise<void> {
    const { refresher, log } = this.#parts;
    const due = this.#schedule.takeDue(this.#uptime(), LICENSES_PER_CALL);
    this.#isRefreshing = true;
    try {
      const outcomes = await refresher.refresh(due);
      if (!this.#isStopped) await this.planAfter(outcomes);
    } catch (cause) {
      log.error({ err: cause }, 'the refresh loop stumbled');
      for (const licenseKey of due) this.#schedule.failed(licenseKey, this.#uptime(), LONGEST_SLEEP_SECONDS);
    } finally {
      this.#isRefreshing = false;
      this.#wake();
    }
  }

  #uptime(): number {
    return this.#parts.licenses.clock.reading().uptime;
  }

  #trustedTimeAt(uptime: number): EpochSeconds {
    const { clock } = this.#parts.licenses;
    return clock.time().now + Math.max(0, uptime - clock.reading().uptime);
  }
}

function needOf({ state, until }: Verdict, now: EpochSeconds) {
  return { state, secondsToEnd: until === undefined ? undefined : until - now };
}

function inBatches(uptime: number): number {
  return Math.ceil(uptime / BATCH_EVERY_SECONDS) * BATCH_EVERY_SECONDS;
}

function retryAfterOf({ detail }: LicenseError): number | undefined {
  const { retryAfterSeconds } = detail;
  return typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined;
}

/** After an ending denial the daemon asks for nothing. Source: protocol, "What ends a license on a device". */
function isEnded({ denial }: HeldLicense): boolean {
  return denial !== undefined && isEnding(denial.code);
}
