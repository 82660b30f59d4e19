import { type Answer, Answer as AnswerShape } from '#core/documents/answer.ts';
import type { RequestFile } from '#core/documents/request-file.ts';
import { LicenseError } from '#core/errors.ts';
import { shapeProblem } from '#core/shapes.ts';
import type { ImportOutcome } from './client/local-answers.ts';
import type { Licenses } from './licenses.ts';
import type { RefreshLoop } from './refresh-loop.ts';
import type { Asked, RefreshOutcome } from './refresher.ts';
import type { Wish } from './wish.ts';

export interface ExchangeParts {
  readonly licenses: Licenses;
  readonly loop: RefreshLoop;
}

export interface RequestOptions {
  /** To fit into a QR code: without the token that is held. */
  readonly short?: boolean | undefined;
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
   * @throws `not_enrolled`, `not_held`; of the store
   */
  async request(
    licenseKeys: readonly string[],
    { purpose, ...asked }: Partial<Asked>,
    { short = false }: RequestOptions = {},
  ): Promise<RequestFile> {
    const { licenses } = this.#parts;
    const wishes: Wish[] = [];
    for (const licenseKey of licenseKeys) {
      licenses.requireHeld(licenseKey);
      const wish = { licenseKey, automatic: false, short, ...asked };
      wishes.push({ ...wish, purpose: purpose ?? (await this.#needOf(licenseKey)) });
    }
    const requests = await licenses.prepare(wishes, 'file');
    return { version: 1, licenseRequests: requests.map(({ compact }) => compact) };
  }

  /** What ended asks for itself anew only where a person names it. */
  async #needOf(licenseKey: string): Promise<'activate' | 'refresh'> {
    const { state } = (await this.#parts.licenses.verdict(licenseKey)).verdict;
    return state === 'unlicensed' || state === 'invalid' ? 'activate' : 'refresh';
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
