import { LicenseError } from '#core/errors.ts';
import { isUsable, type Media } from '#core/evaluate.ts';
import { checkAnswerOf } from './check-answer.ts';
import type { AgentStatus, CheckAnswer } from './client.ts';
import type { AgentConfig } from './config.ts';
import { type Enrolled, enrolledDevice, isSameIssuer, readEnrollment } from './enrolled.ts';
import type { Licenses } from './licenses.ts';
import type { RefreshLoop } from './refresh-loop.ts';
import type { Refresher, RefreshWish } from './refresher.ts';
import { stateFiles, writeStateFile } from './state-files.ts';
import { statusOf } from './status.ts';

export interface ServiceParts {
  readonly config: AgentConfig;
  readonly licenses: Licenses;
  readonly refresher: Refresher;
  readonly loop: RefreshLoop;
  /** Activates under another enrollment, beside the present one; throws where that brings no license. */
  readonly activateUnder: (enrolled: Enrolled) => Promise<void>;
}

/** What the daemon does for whoever asks at its sockets. */
export class Service {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  async status(): Promise<AgentStatus> {
    const { licenses, loop } = this.#parts;
    const current = await licenses.verdict();
    loop.consider(current.verdict);
    return statusOf(current, licenses, loop.nextAt);
  }

  async check(media: Media | undefined): Promise<CheckAnswer> {
    return checkAnswerOf(await this.status(), media);
  }

  /**
   * Asks the server, for a person.
   *
   * @throws `not_enrolled`, `unlicensed`; the code of a denial; as sending and accepting
   */
  async ask(wish: Exclude<RefreshWish, 'automatic'>): Promise<AgentStatus> {
    const { licenses, refresher, loop } = this.#parts;
    const outcome = await refresher.refresh(wish);
    await loop.planAfter(outcome);
    if (outcome.kind === 'failure') throw outcome.error;
    if (outcome.kind === 'denial') {
      throw new LicenseError(outcome.code, { pid: licenses.enrolled?.subject.pid ?? '' });
    }
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
    const enrolled = enrolledDevice(readEnrollment(config, text, 'enrollment'), licenses.device);
    const { state } = (await licenses.verdict()).verdict;
    const moves =
      licenses.enrolled !== undefined && !isSameIssuer(licenses.enrolled.enrollment, enrolled.enrollment);
    if (moves && isUsable(state)) await activateUnder(enrolled);
    licenses.enroll(enrolled);
    writeStateFile(stateFiles(config.stateDir).enrollment, text);
    await loop.start();
    return this.status();
  }
}
