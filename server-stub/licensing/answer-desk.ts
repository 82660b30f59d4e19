import type { Clock } from '#core/clock.ts';
import type { Answer } from '#core/documents/answer.ts';
import type { DenialCode } from '#core/documents/license-denial.ts';
import { parseLicenseRequest } from '#core/documents/license-request.ts';
import { asLicenseError, type ErrorCode, isStoreFault, LicenseError } from '#core/errors.ts';
import type { Store } from '../store/database.ts';
import { admitRequest } from './admit-request.ts';
import { answerRequests, type DeviceOutcome } from './answer-request.ts';
import { Batch, type Verb } from './batch.ts';
import { type Issuer, signStatement } from './issuer.ts';
import { Recogniser } from './recogniser.ts';
import type { DeviceRequest } from './request-facts.ts';

/** What was said, the code of a denial, or that of why there is no answer. */
export type AnswerOutcome = 'token' | 'lease' | DenialCode | ErrorCode;

export interface RequestAnswered {
  /** As the request says, believed or not; null where it is none. */
  readonly licenseKey: string | null;
  readonly purpose: string | null;
  readonly pid: string | null;
  readonly answer: Answer | LicenseError;
  readonly outcome: AnswerOutcome;
}

/** Answers device requests, by whatever road they came: the one way of HTTP and of files. */
export class AnswerDesk {
  readonly #issuer: Issuer;
  readonly #recogniser: Recogniser;
  readonly #batch: Batch;
  readonly #verb: Verb<DeviceRequest, DeviceOutcome>;

  constructor(store: Store, clock: Clock, issuer: Issuer, batch = new Batch(store, clock)) {
    this.#issuer = issuer;
    this.#recogniser = new Recogniser(store.reader, clock);
    this.#batch = batch;
    this.#verb = answerRequests(issuer);
  }

  /**
   * @param from where it came from, for the audit trail
   * @throws as {@link admitRequest}
   */
  admit(compact: unknown, from: string): Promise<DeviceRequest> {
    return admitRequest(this.#issuer, this.#recogniser, compact, from);
  }

  /**
   * Decides an admitted request in the next transaction, and signs what is said once that is durable.
   *
   * @throws why nothing is said to it; faults of the store
   */
  async decide(request: DeviceRequest): Promise<{ answer: Answer; outcome: AnswerOutcome }> {
    const outcome = await this.#batch.submit(this.#verb, request);
    if (outcome.kind === 'rejected') throw outcome.error;
    const answer = await signStatement(this.#issuer, outcome);
    return { answer, outcome: outcome.kind === 'denial' ? outcome.claims.code : outcome.kind };
  }

  /**
   * An answer to each request of a file, in order; each stands by itself.
   *
   * @param from who brought it, for the audit trail
   * @param apps of which requests are answered; of all, where nothing is said
   * @throws faults of the store
   */
  async answer(
    compacts: readonly string[],
    from: string,
    apps?: ReadonlySet<string>,
  ): Promise<RequestAnswered[]> {
    const admit = async (compact: string) => {
      const request = await this.admit(compact, from);
      const { appId } = request.claims;
      if (apps?.has(appId) === false) throw new LicenseError('unknown_app', { appId });
      return request;
    };
    const admitted = await Promise.allSettled(compacts.map(admit));
    return Promise.all(
      admitted.map(async (each, index) => {
        const facts = factsOf(compacts[index]);
        try {
          if (each.status === 'rejected') throw each.reason;
          return { ...facts, ...(await this.decide(each.value)) };
        } catch (thrown) {
          const error = asLicenseError(thrown);
          if (error.code === 'internal' || isStoreFault(error)) throw thrown;
          return { ...facts, answer: error, outcome: error.code };
        }
      }),
    );
  }
}

function factsOf(compact: string | undefined): Pick<RequestAnswered, 'licenseKey' | 'purpose' | 'pid'> {
  try {
    const { licenseKey, purpose, pid } = parseLicenseRequest(compact).claims;
    return { licenseKey, purpose, pid };
  } catch {
    return { licenseKey: null, purpose: null, pid: null };
  }
}
