import type { EpochSeconds } from '#core/clock.ts';
import type { DenialCode } from '#core/documents/license-denial.ts';
import type { Purpose } from '#core/documents/license-request.ts';
import { asLicenseError, isStoreFault, LicenseError } from '#core/errors.ts';
import type { Logger } from '#core/host/log.ts';
import { choosePurpose } from './choose-purpose.ts';
import { subjectOf } from './enrolled.ts';
import type { Licenses } from './licenses.ts';
import type { SendRequests } from './server-client.ts';
import type { PendingRequest } from './store/schema.ts';
import type { Wish } from './wish.ts';

/** What a person asks for; what the daemon asks for by itself follows from the license. */
export interface Asked extends Pick<Wish, 'toLicenseKey' | 'renewId' | 'sessions'> {
  readonly purpose: Purpose;
}

export type RefreshOutcome =
  | { readonly kind: 'token' }
  | {
      readonly kind: 'lease';
      readonly sessions: number;
      readonly exp: EpochSeconds;
      readonly iat: EpochSeconds;
    }
  | { readonly kind: 'denial'; readonly code: DenialCode }
  /** Nothing changed: no answer, or none that is believed. */
  | { readonly kind: 'failure'; readonly error: LicenseError }
  /** There was nothing to ask for. */
  | { readonly kind: 'nothing' };

export interface RefresherParts {
  readonly licenses: Licenses;
  readonly send: SendRequests;
  readonly log: Logger;
}

/** Licenses of one call to the server: the requests and answers of more would swell the daemon's memory. */
export const LICENSES_PER_CALL = 250;

/** Contacts with the server, from requests to stored answers; they follow one another. */
export class Refresher {
  readonly #licenses: Licenses;
  readonly #send: SendRequests;
  readonly #log: Logger;
  #last: Promise<unknown> = Promise.resolve();

  constructor({ licenses, send, log }: RefresherParts) {
    this.#licenses = licenses;
    this.#send = send;
    this.#log = log;
  }

  /** One contact for all of these licenses; by itself where nobody asks. */
  refresh(licenseKeys: readonly string[], asked?: Asked): Promise<ReadonlyMap<string, RefreshOutcome>> {
    const outcomes = this.#last.then(() => this.#refresh(licenseKeys, asked));
    this.#last = outcomes;
    return outcomes;
  }

  /** Resolves when the contacts under way are over. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #refresh(licenseKeys: readonly string[], asked: Asked | undefined) {
    const outcomes = new Map<string, RefreshOutcome>();
    const wishes: Wish[] = [];
    for (const licenseKey of licenseKeys) {
      try {
        const wish = await this.#wishOf(licenseKey, asked);
        if (wish === undefined) outcomes.set(licenseKey, { kind: 'nothing' });
        else wishes.push(wish);
      } catch (thrown) {
        outcomes.set(licenseKey, { kind: 'failure', error: asLicenseError(thrown) });
      }
    }
    if (wishes.length > 0) await this.#contact(wishes, outcomes);
    this.#report(asked, outcomes);
    return outcomes;
  }

  async #wishOf(licenseKey: string, asked: Asked | undefined): Promise<Wish | undefined> {
    const { store } = this.#licenses;
    const subject = subjectOf(this.#licenses.requireEnrolled(), licenseKey);
    if (asked !== undefined && asked.purpose !== 'refresh') return { licenseKey, automatic: false, ...asked };
    const { verdict, held } = await this.#licenses.verdict(licenseKey);
    if (asked !== undefined && verdict.state === 'unlicensed') throw new LicenseError('unlicensed');
    const waiting = store.pending.of(subject);
    const purpose = choosePurpose(verdict, held, {
      lastOutcome: store.contacts.of(subject)?.outcome,
      waiting: waiting.map((request) => request.purpose),
    });
    if (asked !== undefined) return { licenseKey, automatic: false, purpose: purpose ?? 'refresh' };
    return purpose && { licenseKey, automatic: true, purpose };
  }

  async #contact(wishes: readonly Wish[], outcomes: Map<string, RefreshOutcome>): Promise<void> {
    const keys = wishes.map(({ licenseKey }) => licenseKey);
    let serverUrl: string | null = null;
    try {
      const requests = await this.#licenses.prepare(wishes);
      const answered = await this.#exchange(requests);
      serverUrl = answered.serverUrl;
      const over: string[] = [];
      for (const [request, outcome] of answered.outcomes) {
        outcomes.set(request.licenseKey, outcome);
        if (outcome.kind === 'failure' && this.#isOver(request, outcome.error)) over.push(request.jti);
      }
      this.#quietly(() => this.#licenses.store.pending.remove(over));
    } catch (thrown) {
      const error = asLicenseError(thrown);
      for (const licenseKey of keys) outcomes.set(licenseKey, { kind: 'failure', error });
    }
    // A lease is no refresh, and says nothing about the license.
    if (wishes.some(({ purpose }) => purpose !== 'lease')) this.#note(keys, outcomes, serverUrl);
  }

  /** Sends requests and takes in what comes back: to each its outcome, whatever happens. */
  async #exchange(requests: readonly PendingRequest[]) {
    const outcomes = new Map<PendingRequest, RefreshOutcome>();
    let serverUrl: string | null = null;
    try {
      const { enrollment, subject } = this.#licenses.requireEnrolled();
      // A gateway without a license of its own remembers by those that it holds.
      const preferred = [...requests.slice(0, 1), subject]
        .map((id) => this.#licenses.store.contacts.of(id)?.serverUrl ?? undefined)
        .find((url) => url !== undefined);
      const compacts = requests.map(({ compact }) => compact);
      const sent = await this.#send(compacts, enrollment, preferred);
      serverUrl = sent.serverUrl;
      const arrived: { request: PendingRequest; answer: unknown }[] = [];
      for (const [index, request] of requests.entries()) {
        const answer = sent.answers[index];
        if (answer instanceof LicenseError) outcomes.set(request, { kind: 'failure', error: answer });
        else arrived.push({ request, answer });
      }
      const accepted = await this.#licenses.accept(
        arrived.map(({ request: { jti }, answer }) => ({ answer, jti })),
        'online',
      );
      for (const [index, { request }] of arrived.entries()) outcomes.set(request, outcomeOf(accepted[index]));
    } catch (thrown) {
      const error = asLicenseError(thrown);
      for (const request of requests) outcomes.set(request, { kind: 'failure', error });
    }
    return { outcomes, serverUrl };
  }

  /**
   * A call that failed is over, and no later answer to it counts. What may have changed something at the server, and
   * got no answer or one that could not be stored, stays and is made again under its jti.
   */
  #isOver({ purpose }: PendingRequest, error: LicenseError): boolean {
    const { code, detail } = error;
    const mayBeDone =
      code === 'server_unreachable' ||
      (code === 'server_answer_unusable' && !detail['isRefused']) ||
      code === 'internal' ||
      isStoreFault(error);
    return purpose === 'refresh' || purpose === 'lease' || !mayBeDone;
  }

  #note(
    licenseKeys: readonly string[],
    outcomes: ReadonlyMap<string, RefreshOutcome>,
    serverUrl: string | null,
  ): void {
    const { store, clock } = this.#licenses;
    const enrolled = this.#licenses.requireEnrolled();
    const at = clock.time().now;
    this.#quietly(() =>
      store.contacts.save(
        licenseKeys.map((licenseKey) => {
          const outcome = outcomes.get(licenseKey);
          return [subjectOf(enrolled, licenseKey), { at, outcome: codeOf(outcome), serverUrl }];
        }),
      ),
    );
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

  #report(asked: Asked | undefined, outcomes: ReadonlyMap<string, RefreshOutcome>): void {
    const wish = asked?.purpose ?? 'automatic';
    for (const [outcome, licenses] of Map.groupBy(outcomes.values(), codeOf)) {
      const [first] = licenses;
      const count = licenses.length;
      if (first?.kind === 'failure') {
        const { code, detail, cause } = first.error;
        this.#log.warn(
          { wish, code, detail, licenses: count, ...(code === 'internal' && { err: cause }) },
          'refresh failed',
        );
      } else if (first?.kind !== 'nothing') {
        this.#log.info({ wish, outcome, licenses: count }, 'refresh answered');
      }
    }
  }
}

function outcomeOf(accepted: Awaited<ReturnType<Licenses['accept']>>[number] | undefined): RefreshOutcome {
  if (accepted === undefined || accepted instanceof LicenseError)
    return { kind: 'failure', error: accepted ?? new LicenseError('answer_unexpected') };
  const { verified } = accepted;
  switch (verified.kind) {
    case 'token':
      return { kind: 'token' };
    case 'denial':
      return { kind: 'denial', code: verified.denial.code };
    case 'lease': {
      const { sessions, exp, iat } = verified.lease;
      return { kind: 'lease', sessions, exp, iat };
    }
  }
}

/** `ok`, or the code of a denial or error. */
function codeOf(outcome: RefreshOutcome | undefined): string {
  if (outcome?.kind === 'denial') return outcome.code;
  return outcome?.kind === 'failure' ? outcome.error.code : 'ok';
}
