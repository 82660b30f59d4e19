import { Answer, type VerifiedAnswer, verifyAnswer } from '#core/documents/answer.ts';
import { isEnding, type LicenseDenial } from '#core/documents/license-denial.ts';
import { licenseRequestDocument } from '#core/documents/license-request.ts';
import { asLicenseError, LicenseError } from '#core/errors.ts';
import { evaluate, type TrustedTime, type Verdict } from '#core/evaluate.ts';
import type { Logger } from '#core/host/log.ts';
import { parseShape } from '#core/shapes.ts';
import { composeRequest } from './compose-request.ts';
import type { Device } from './device.ts';
import type { Enrolled } from './enrolled.ts';
import { type HeldLicense, isOfAnotherDevice, verifyHeld } from './held-license.ts';
import type { AgentStore } from './store.ts';
import type { Channel, LicenseRow, PendingRequest } from './store-schema.ts';
import type { TrustedClock } from './trusted-clock.ts';

export interface LicensesParts {
  readonly device: Device;
  readonly enrolled: Enrolled | undefined;
  readonly store: AgentStore;
  readonly clock: TrustedClock;
  readonly log?: Logger | undefined;
}

export interface CurrentVerdict {
  readonly verdict: Verdict;
  readonly held: HeldLicense;
  readonly time: TrustedTime;
}

export interface PrepareOptions {
  readonly automatic: boolean;
  readonly channel?: Channel;
}

export interface AcceptOptions {
  readonly channel: Channel;
  /** The request that was just sent, where the answer came with the call. */
  readonly jti?: string;
}

/** How long a server remembers a request by its jti. Source: protocol, Idempotence. */
const RETRY_SECONDS = 90 * 86_400;

/** The license of this device: what is held, what may be asked for, which answers are believed. */
export class Licenses {
  readonly device: Device;
  readonly store: AgentStore;
  readonly clock: TrustedClock;
  readonly #log: Logger | undefined;
  #enrolled: Enrolled | undefined;
  #verified:
    | { readonly enrolled: Enrolled; readonly row: LicenseRow; readonly held: HeldLicense }
    | undefined;

  constructor({ device, enrolled, store, clock, log }: LicensesParts) {
    this.device = device;
    this.store = store;
    this.clock = clock;
    this.#enrolled = enrolled;
    this.#log = log;
  }

  get enrolled(): Enrolled | undefined {
    return this.#enrolled;
  }

  /** Puts another enrollment in the place of the present one; what is held is verified again under it. */
  enroll(enrolled: Enrolled): void {
    this.#enrolled = enrolled;
  }

  /** May this device work now? By what is stored, verified, and trusted time. */
  async verdict(): Promise<CurrentVerdict> {
    const held = await this.held();
    // The server signed this time for the license that is held. Were the mark let below it, by a lost or altered row
    // or by a later answer with an earlier time, a token made for the future would last until then.
    if (held.token !== undefined) this.clock.atLeast(held.token.iat);
    const time = this.clock.time();
    const { token, denial, fault } = held;
    const fingerprint = this.#enrolled?.fingerprint ?? {};
    return { verdict: evaluate({ token, denial, fault: fault?.code, fingerprint }, time), held, time };
  }

  /** What the store holds. It is verified whenever its bytes are not those that were verified before. */
  async held(): Promise<HeldLicense> {
    const enrolled = this.#enrolled;
    let row: LicenseRow | undefined;
    try {
      row = enrolled && this.store.license(enrolled.subject);
      if (enrolled === undefined || row === undefined) return this.#nothingHeld();
    } catch (thrown) {
      return this.#unreadable(thrown);
    }
    const { answer, denial } = row;
    const verified = this.#verified;
    const isSame =
      verified?.enrolled === enrolled && verified.row.answer === answer && verified.row.denial === denial;
    return isSame ? verified.held : this.#verify(row, enrolled);
  }

  /**
   * Makes a request and stores it before it can be sent. An activation that was not answered is made again
   * under its jti, so that it costs one seat. Source: protocol, Idempotence.
   *
   * @throws `not_enrolled`; of the store
   */
  async prepare(
    purpose: 'activate' | 'refresh',
    { automatic, channel = 'online' }: PrepareOptions,
  ): Promise<PendingRequest> {
    const enrolled = this.#requireEnrolled();
    const unanswered =
      purpose === 'activate' && channel === 'online' ? this.#unansweredActivation(enrolled) : undefined;
    if (unanswered !== undefined && (await this.#mayRetry(unanswered, enrolled, automatic)))
      return unanswered;
    const { document: heldToken } = await this.held();
    const { now } = this.clock.time();
    const reading = this.clock.reading();
    return this.store.addPending(
      (counter) =>
        composeRequest(enrolled, this.device.key, {
          purpose,
          automatic,
          channel,
          counter,
          now,
          reading,
          heldToken,
        }),
      unanswered?.jti,
    );
  }

  /**
   * Accepts an answer, or refuses it and leaves everything as it was. Source: protocol, Trust, Time and "What
   * ends a license on a device".
   *
   * @throws as verifyAnswer; `answer_unexpected`, `issuer_serial_old`, `answer_stale`,
   * `answer_for_another_license`; of the store
   */
  async accept(input: unknown, { channel, jti }: AcceptOptions): Promise<VerifiedAnswer> {
    const { subject, roots } = this.#requireEnrolled();
    const answer = parseShape(Answer, input, 'document_malformed', 'answer');
    const verified = await verifyAnswer(answer, subject, roots);
    const { nonce, iat } = verified.kind === 'token' ? verified.token : verified.denial;

    const request = this.store
      .pending(subject)
      .find((pending) => pending.jti === nonce && pending.channel === channel);
    if (request === undefined || (jti !== undefined && jti !== nonce)) {
      throw new LicenseError('answer_unexpected');
    }
    const highest = this.store.highestSerial(subject.serverId);
    if (verified.serial < highest) {
      throw new LicenseError('issuer_serial_old', { serial: verified.serial, highest });
    }
    const held = await this.held();
    if (channel === 'file' && held.token !== undefined && iat < held.token.iat) {
      throw new LicenseError('answer_stale');
    }

    const text = JSON.stringify({
      document: answer.document,
      issuerCertificate: answer.issuerCertificate,
      terms: answer.terms,
    });
    const row =
      verified.kind === 'token'
        ? { answer: text, denial: null }
        : this.#afterDenial(verified.denial, text, held);
    // Only a token that takes the place of the held one may bring an earlier time: a server that signed for the future
    // and then answers something else, day by day, would otherwise hold that token's time still.
    const keepsToken = held.token !== undefined && verified.kind === 'denial' && row?.answer !== null;
    const mark = this.clock.adopting({ iat, request }, { forwardOnly: keepsToken });
    const { serverId, appId, pid, licenseKey } = subject;
    this.store.accept({
      id: { appId, pid, licenseKey },
      jti: nonce,
      serverId,
      serial: verified.serial,
      mark,
      held: row,
    });
    this.clock.hold(mark);
    return verified;
  }

  /**
   * The row after a denial; undefined where it concerns the request alone. An ended token is deleted; where none
   * is held the denial still says why nothing is.
   */
  #afterDenial(denial: LicenseDenial, text: string, held: HeldLicense): LicenseRow | undefined {
    const ends = isEnding(denial.code);
    if (!ends && denial.code !== 'suspended') return undefined;
    // The row is another server's, which has not said so.
    if (held.fault?.code === 'issuer_mismatch') return undefined;
    if (held.token !== undefined && denial.license !== held.token.license) {
      throw new LicenseError('answer_for_another_license');
    }
    if (ends) return { answer: null, denial: text };
    const answer = held.token && this.#verified?.row.answer;
    return answer ? { answer, denial: text } : undefined;
  }

  async #verify(row: LicenseRow, enrolled: Enrolled): Promise<HeldLicense> {
    const held = await verifyHeld(row, enrolled.subject, enrolled.roots);
    if (held.fault !== undefined) {
      this.#log?.error(
        { code: held.fault.code, detail: held.fault.detail },
        'what is stored is not authentic',
      );
    }
    this.#verified = { enrolled, row, held };
    return held;
  }

  #nothingHeld(): HeldLicense {
    this.#verified = undefined;
    if (this.store.damagedAt !== undefined) {
      return {
        fault: new LicenseError('store_damaged', {
          file: this.store.file,
          problem: { en: 'it was moved aside', zh: '原文件已移走' },
        }),
      };
    }
    const foreign =
      this.#enrolled &&
      this.store
        .otherAnswers(this.#enrolled.subject)
        .some((text) => isOfAnotherDevice(text, this.device.key.thumbprint));
    return foreign ? { fault: new LicenseError('answer_for_another_device') } : {};
  }

  /** A disk that fails does not end what was verified before it did. */
  #unreadable(thrown: unknown): HeldLicense {
    const fault = asLicenseError(thrown);
    if (fault.code === 'document_malformed') return { fault };
    if (this.#verified === undefined) throw thrown;
    this.#log?.error({ code: fault.code, detail: fault.detail }, 'the store cannot be read');
    return this.#verified.held;
  }

  #unansweredActivation({ subject }: Enrolled): PendingRequest | undefined {
    return this.store
      .pending(subject)
      .find(({ purpose, channel }) => purpose === 'activate' && channel === 'online');
  }

  /** Whether a stored activation is still the one to make: ours, for this enrollment, remembered by the server. */
  async #mayRetry(
    { compact, madeAt }: PendingRequest,
    { enrollment, subject }: Enrolled,
    automatic: boolean,
  ): Promise<boolean> {
    if (this.clock.time().confirmed - madeAt > RETRY_SECONDS) return false;
    try {
      const request = await licenseRequestDocument.verify(compact, [this.device.key]);
      return (
        request.aud === subject.serverId &&
        request.enrollment?.id === enrollment.enrollment.id &&
        // What a person asks for is answered otherwise than what the daemon does by itself.
        (request.automatic === automatic || automatic)
      );
    } catch {
      // Whatever is wrong with it, a new request takes its place.
      return false;
    }
  }

  #requireEnrolled(): Enrolled {
    if (this.#enrolled === undefined) throw new LicenseError('not_enrolled');
    return this.#enrolled;
  }
}
