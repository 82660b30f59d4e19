import type { Clock } from '#core/clock.ts';
import type { Answer } from '#core/documents/answer.ts';
import { parseLicenseRequest } from '#core/documents/license-request.ts';
import { asLicenseError, type LicenseError } from '#core/errors.ts';
import type { Store } from '../store/database.ts';
import { admitRequest } from './admit-request.ts';
import { answerRequests } from './answer-request.ts';
import { Batch } from './batch.ts';
import { type Issuer, signStatement } from './issuer.ts';
import { Recogniser } from './recogniser.ts';

export interface RequestAnswered {
  /** As the request says, believed or not; null where it is none. */
  readonly licenseKey: string | null;
  readonly purpose: string | null;
  readonly answer: Answer | LicenseError;
  /** `token`, the code of a denial, or that of why there is no answer. */
  readonly outcome: string;
}

/** Answers requests that came as files, on the very way of those that come by HTTP. */
export class AnswerDesk {
  readonly #issuer: Issuer;
  readonly #recogniser: Recogniser;
  readonly #batch: Batch;

  constructor(store: Store, clock: Clock, issuer: Issuer) {
    this.#issuer = issuer;
    this.#recogniser = new Recogniser(store.reader, clock);
    this.#batch = new Batch(store, clock);
  }

  /**
   * An answer to each request of a file, in order; each stands by itself.
   *
   * @param from who brought it, for the audit trail
   * @throws faults of the store, with nothing answered
   */
  async answer(compacts: readonly string[], from: string): Promise<RequestAnswered[]> {
    const admitted = await Promise.allSettled(
      compacts.map((compact) => admitRequest(this.#issuer, this.#recogniser, compact, from)),
    );
    const verb = answerRequests(this.#issuer);
    return Promise.all(
      admitted.map(async (each, index) => {
        const facts = factsOf(compacts[index]);
        try {
          if (each.status === 'rejected') throw each.reason;
          const outcome = await this.#batch.submit(verb, each.value);
          if (outcome.kind === 'rejected') throw outcome.error;
          const answer = await signStatement(this.#issuer, outcome);
          return {
            ...facts,
            answer,
            outcome: outcome.kind === 'denial' ? outcome.claims.code : outcome.kind,
          };
        } catch (thrown) {
          const error = asLicenseError(thrown);
          if (error.code === 'internal' || error.code.startsWith('store_')) throw thrown;
          return { ...facts, answer: error, outcome: error.code };
        }
      }),
    );
  }
}

function factsOf(compact: string | undefined): Pick<RequestAnswered, 'licenseKey' | 'purpose'> {
  try {
    const { licenseKey, purpose } = parseLicenseRequest(compact).claims;
    return { licenseKey, purpose };
  } catch {
    return { licenseKey: null, purpose: null };
  }
}
