import type { DenialCode } from '#core/documents/license-denial.ts';
import { asLicenseError, LicenseError } from '#core/errors.ts';
import type { Logger } from '#core/host/log.ts';
import { choosePurpose } from './choose-purpose.ts';
import type { Licenses } from './licenses.ts';
import type { SendRequest } from './server-client.ts';
import type { PendingRequest } from './store-schema.ts';

/** `automatic`: the daemon by itself; the others: a person. */
export type RefreshWish = 'automatic' | 'refresh' | 'activate';

export type RefreshOutcome =
  | { readonly kind: 'token' }
  | { readonly kind: 'denial'; readonly code: DenialCode }
  /** Nothing changed: no answer, or none that is believed. */
  | { readonly kind: 'failure'; readonly error: LicenseError }
  /** There was nothing to ask for. */
  | { readonly kind: 'nothing' };

export interface RefresherParts {
  readonly licenses: Licenses;
  readonly send: SendRequest;
  readonly log: Logger;
}

/** One contact with the server, from request to stored answer; contacts follow one another. */
export class Refresher {
  readonly #licenses: Licenses;
  readonly #send: SendRequest;
  readonly #log: Logger;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ licenses, send, log }: RefresherParts) {
    this.#licenses = licenses;
    this.#send = send;
    this.#log = log;
  }

  refresh(wish: RefreshWish): Promise<RefreshOutcome> {
    const outcome = this.#last.then(() => this.#refresh(wish));
    this.#last = outcome;
    return outcome;
  }

  /** Resolves when the contacts under way are over. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #refresh(wish: RefreshWish): Promise<RefreshOutcome> {
    let outcome: RefreshOutcome;
    try {
      const purpose = await this.#purposeOf(wish);
      if (purpose === undefined) return { kind: 'nothing' };
      outcome = await this.#contact(purpose, wish === 'automatic');
    } catch (thrown) {
      outcome = { kind: 'failure', error: asLicenseError(thrown) };
    }
    this.#report(wish, outcome);
    return outcome;
  }

  async #purposeOf(wish: RefreshWish) {
    const { enrolled, store } = this.#licenses;
    if (wish === 'activate') return wish;
    if (enrolled === undefined) throw new LicenseError('not_enrolled');
    const { verdict, held } = await this.#licenses.verdict();
    if (wish === 'refresh' && verdict.state === 'unlicensed') throw new LicenseError('unlicensed');
    const purpose = choosePurpose(verdict, held, store.contact(enrolled.subject)?.outcome);
    return wish === 'refresh' ? (purpose ?? 'refresh') : purpose;
  }

  async #contact(purpose: 'activate' | 'refresh', automatic: boolean): Promise<RefreshOutcome> {
    const { enrolled, store } = this.#licenses;
    if (enrolled === undefined) throw new LicenseError('not_enrolled');
    const request = await this.#licenses.prepare(purpose, { automatic });
    let serverUrl: string | null = null;
    let outcome: string = 'ok';
    try {
      const sent = await this.#send(
        request.compact,
        enrolled.enrollment,
        store.contact(enrolled.subject)?.serverUrl ?? undefined,
      );
      serverUrl = sent.serverUrl;
      const accepted = await this.#licenses.accept(sent.answer, { channel: 'online', jti: request.jti });
      if (accepted.kind === 'token') return { kind: 'token' };
      outcome = accepted.denial.code;
      return { kind: 'denial', code: accepted.denial.code };
    } catch (thrown) {
      const error = asLicenseError(thrown);
      outcome = error.code;
      this.#endCall(request, error);
      return { kind: 'failure', error };
    } finally {
      this.#note(outcome, serverUrl);
    }
  }

  /**
   * A call that failed is over, and no later answer to it counts. An activation that got no answer, or whose
   * answer could not be stored, may have cost a seat: it stays and is made again under its jti.
   */
  #endCall({ jti, purpose }: PendingRequest, { code, detail }: LicenseError): void {
    const mayHaveSeat =
      code === 'server_unreachable' ||
      (code === 'server_answer_unusable' && !detail['isRefused']) ||
      code === 'internal' ||
      code.startsWith('store_');
    if (purpose === 'activate' && mayHaveSeat) return;
    this.#quietly(() => this.#licenses.store.removePending(jti));
  }

  #note(outcome: string, serverUrl: string | null): void {
    const { enrolled, store, clock } = this.#licenses;
    if (enrolled === undefined) return;
    const { appId, pid, licenseKey } = enrolled.subject;
    const at = clock.time().now;
    this.#quietly(() => store.saveContact({ appId, pid, licenseKey }, { at, outcome, serverUrl }));
  }

  /** What is only a note must not turn a success into a failure. */
  #quietly(write: () => void): void {
    try {
      write();
    } catch (thrown) {
      const { code, detail } = asLicenseError(thrown);
      this.#log.error({ code, detail }, 'the store cannot be written');
    }
  }

  #report(wish: RefreshWish, outcome: RefreshOutcome): void {
    if (outcome.kind === 'failure') {
      const { code, detail, cause } = outcome.error;
      this.#log.warn({ wish, code, detail, ...(code === 'internal' && { err: cause }) }, 'refresh failed');
    } else {
      this.#log.info({ wish, ...outcome }, 'refresh answered');
    }
  }
}
