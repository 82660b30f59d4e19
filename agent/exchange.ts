import { type Answer, Answer as AnswerShape } from '#core/documents/answer.ts';
import { LicenseError } from '#core/errors.ts';
import { shapeProblem } from '#core/shapes.ts';
import type { ImportOutcome, RequestFile } from './client/local-answers.ts';
import type { Licenses } from './licenses.ts';
import type { RefreshLoop } from './refresh-loop.ts';
import type { Asked, RefreshOutcome } from './refresher.ts';

export interface ExchangeParts {
  readonly licenses: Licenses;
  readonly loop: RefreshLoop;
}

/** Requests and answers that travel as files, by stick, mail or QR code. Source: protocol, opening paragraph. */
export class Exchange {
  readonly #parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /**
   * Makes requests to be carried to the server; each waits 90 days for its answer. Who gives the license up holds
   * nothing from then on.
   *
   * @throws `not_enrolled`; of the store
   */
  async request(licenseKeys: readonly string[], asked: Asked): Promise<RequestFile> {
    const wishes = licenseKeys.map((licenseKey) => ({ licenseKey, automatic: false, ...asked }));
    const requests = await this.#parts.licenses.prepare(wishes, 'file');
    return { version: 1, licenseRequests: requests.map(({ compact }) => compact) };
  }

  /**
   * Accepts the answers of a file, each by itself.
   *
   * @throws `not_enrolled`; of the store
   */
  async import(answers: readonly unknown[]): Promise<ImportOutcome[]> {
    const { licenses, loop } = this.#parts;
    const arrived = answers.filter(
      (answer): answer is Answer => shapeProblem(AnswerShape, answer) === undefined,
    );
    const accepted = await licenses.accept(
      arrived.map((answer) => ({ answer })),
      'file',
    );
    const outcomes = new Map<string, RefreshOutcome>();
    const results = answers.map((answer): ImportOutcome => {
      const outcome = accepted[arrived.indexOf(answer as Answer)];
      if (outcome === undefined) return { licenseKey: null, outcome: problemCode(answer) };
      if (outcome instanceof LicenseError)
        return { licenseKey: null, outcome: outcome.code, detail: outcome.detail };
      const { request, verified } = outcome;
      const { licenseKey } = request;
      const code = verified.kind === 'denial' ? verified.denial.code : 'ok';
      outcomes.set(
        licenseKey,
        verified.kind === 'denial' ? { kind: 'denial', code: verified.denial.code } : { kind: 'token' },
      );
      return { licenseKey, outcome: code };
    });
    await loop.planAfter(outcomes);
    return results;
  }
}

/** The code that the server gave instead of an answer. */
function problemCode(answer: unknown): string {
  const error = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined;
  return typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : 'document_malformed';
}
