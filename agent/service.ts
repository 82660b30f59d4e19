import { LicenseError } from '#core/errors.ts';
import { isUsable, type Media } from '#core/evaluate.ts';
import { checkAnswerOf } from './check-answer.ts';
import type { AgentStatus, CheckAnswer } from './client/local-answers.ts';
import type { AgentConfig } from './config.ts';
import { type Enrolled, enrolledDevice, isSameIssuer, readEnrollment, underStoredRoots } from './enrolled.ts';
import type { Licenses } from './licenses.ts';
import type { RefreshLoop } from './refresh-loop.ts';
import type { Asked, Refresher } from './refresher.ts';
import { stateFiles, writeStateFile } from './state-files.ts';
import { statusOf } from './status.ts';
import { departureOf } from './wish.ts';

export interface ServiceParts {
  readonly config: AgentConfig;
  readonly licenses: Licenses;
  readonly refresher: Refresher;
  readonly loop: RefreshLoop;
  /** Sessions of a license that run now. */
  readonly sessions: (licenseKey: string) => number;
  /**
   * Activates under another enrollment, beside the present one; throws where that brings no license.
   *
   * @returns it, with the roots that came to be known by it
   */
  readonly activateUnder: (enrolled: Enrolled) => Promise<Enrolled>;
}

/** What the daemon does for whoever asks at its sockets about a license. */
export class Service {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  get licenses(): Licenses {
    return this.#parts.licenses;
  }

  async status(licenseKey = this.#parts.licenses.own): Promise<AgentStatus> {
    const { licenses, loop, sessions } = this.#parts;
    const current = await licenses.verdict(licenseKey);
    loop.consider(licenseKey, current.verdict);
    return statusOf(current, licenses, {
      licenseKey,
      nextRefreshAt: loop.nextAt(licenseKey),
      sessions: sessions(licenseKey),
    });
  }

  /** @throws `not_held` */
  async check(media: Media | undefined, licenseKey = this.#parts.licenses.own): Promise<CheckAnswer> {
    this.#parts.licenses.requireHeld(licenseKey);
    return checkAnswerOf(await this.status(licenseKey), media);
  }

  /**
   * Asks the server for a person.
   *
   * @throws `not_enrolled`, `unlicensed`; the code of a denial, unless that is what was wished for; as sending and
   * accepting
   */
  async ask(asked: Asked): Promise<AgentStatus> {
    const { licenses, refresher, loop } = this.#parts;
    const { own } = licenses;
    const outcomes = await refresher.refresh([own], asked);
    await loop.planAfter(outcomes);
    const outcome = outcomes.get(own);
    // Given up is given up: the server is told as soon as it can be.
    if (outcome?.kind === 'failure' && departureOf(asked.purpose) !== undefined) {
      const { departed } = await licenses.held();
      if (departed !== undefined) return this.status();
    }
    if (outcome?.kind === 'failure') throw outcome.error;
    if (outcome?.kind === 'denial' && outcome.code !== WISHED_DENIALS[asked.purpose])
      throw new LicenseError(outcome.code, { pid: licenses.enrolled?.subject.pid ?? '' });
    return this.status();
  }

  /**
   * Takes over an enrollment file; the daemon activates under it by itself. A device that is licensed moves to
   * another server, App or PID only once it holds a license there: a wrong file, or a server that does not answer,
   * must not turn a classroom dark.
   *
   * @throws as readEnrollment and activateUnder, with nothing changed; `store_full`, `file_unwritable`
   */
  async enroll(text: string): Promise<AgentStatus> {
    const { config, licenses, loop, activateUnder } = this.#parts;
    const pinned = await underStoredRoots(await readEnrollment(config, text, 'enrollment'), licenses.store);
    const enrolled = enrolledDevice(pinned, licenses.device);
    const { state } = (await licenses.verdict()).verdict;
    const moves =
      licenses.enrolled !== undefined && !isSameIssuer(licenses.enrolled.enrollment, enrolled.enrollment);
    licenses.enroll(moves && isUsable(state) ? await activateUnder(enrolled) : enrolled);
    writeStateFile(stateFiles(config.stateDir).enrollment, text);
    await loop.start();
    return this.status();
  }
}

/** The denials that say that what was wished for was done. Source: protocol, "Idempotence and replay". */
const WISHED_DENIALS: Partial<Record<Asked['purpose'], string>> = {
  release: 'released',
  transfer: 'transferred',
};
