import { type KnownRoots, rootVersionOf } from '#core/documents/root-succession.ts';
import { LicenseError } from '#core/errors.ts';
import { evaluate, type TrustedTime, type Verdict } from '#core/evaluate.ts';
import type { Logger } from '#core/host/log.ts';
import { type Accepted, type Arrived, acceptAnswers } from './accept-answers.ts';
import type { Device } from './device.ts';
import { type Enrolled, subjectOf } from './enrolled.ts';
import type { HeldLicense } from './held-license.ts';
import { HeldLicenses } from './held-licenses.ts';
import { MeterTotals } from './meter-totals.ts';
import { prepareRequests } from './prepare-requests.ts';
import type { AgentStore } from './store/agent-store.ts';
import type { Channel, PendingRequest } from './store/schema.ts';
import type { TrustedClock } from './trusted-clock.ts';
import { departureOf, type Wish } from './wish.ts';

export interface LicensesParts {
  readonly device: Device;
  readonly enrolled: Enrolled | undefined;
  readonly store: AgentStore;
  readonly clock: TrustedClock;
  readonly log?: Logger | undefined;
}

type ChangeListener = (licenseKeys: readonly string[]) => void;

export interface CurrentVerdict {
  readonly verdict: Verdict;
  readonly held: HeldLicense;
  readonly time: TrustedTime;
}

/**
 * The licenses of this agent, by LicenseKey: the device's own and those a gateway holds for others. What is held, what
 * may be asked for, which answers are believed.
 */
export class Licenses {
  readonly device: Device;
  readonly store: AgentStore;
  readonly clock: TrustedClock;
  readonly totals: MeterTotals;
  readonly #held: HeldLicenses;
  readonly #listeners = new Set<ChangeListener>();
  #enrolled: Enrolled | undefined;

  constructor({ device, enrolled, store, clock, log }: LicensesParts) {
    this.device = device;
    this.store = store;
    this.clock = clock;
    this.#enrolled = enrolled;
    this.totals = new MeterTotals(store.meters, log);
    this.#held = new HeldLicenses(store, log);
  }

  get enrolled(): Enrolled | undefined {
    return this.#enrolled;
  }

  /** The LicenseKey of the device itself. */
  get own(): string {
    return this.device.licenseKey.licenseKey;
  }

  /** Whether the license is one of those that are held for others. */
  isMember(licenseKey: string): boolean {
    return this.#enrolled !== undefined && this.store.members.has(subjectOf(this.#enrolled, licenseKey));
  }

  /** That a license is one of those here: the device's own, or held for another. @throws `not_held` */
  requireHeld(licenseKey: string): void {
    if (licenseKey !== this.own && !this.isMember(licenseKey))
      throw new LicenseError('not_held', { licenseKey });
  }

  /** Puts another enrollment in the place of the present one; what is held is verified again under it. */
  enroll(enrolled: Enrolled): void {
    // It may have taken its time, and an answer have led to newer roots of the same vendor meanwhile.
    const known = this.#enrolled?.roots;
    const isBehind =
      known !== undefined && rootVersionOf(enrolled.roots.root.thumbprint, known) !== undefined;
    const roots = isBehind ? known : enrolled.roots;
    this.store.saveRootSuccession(roots.rootSuccession);
    this.#enrolled = { ...enrolled, roots };
    this.announce([this.own]);
  }

  /** May this device work now? By what is stored, verified, and trusted time. */
  async verdict(licenseKey = this.own): Promise<CurrentVerdict> {
    const held = await this.held(licenseKey);
    // The server signed this time for the license that is held. Were the mark let below it, by a lost or altered row
    // or by a later answer with an earlier time, a token made for the future would last until then.
    if (held.token !== undefined) this.clock.atLeast(held.token.iat);
    const time = this.clock.time();
    const { token, denial, departed, fault } = held;
    const fingerprint = this.#enrolled?.fingerprint ?? {};
    const subject = this.#enrolled && subjectOf(this.#enrolled, licenseKey);
    const meteredMinutes = token && subject && this.totals.minutesOf(subject);
    const evidence = { token, denial, departed, fault: fault?.code, fingerprint, meteredMinutes };
    return { verdict: evaluate(evidence, time), held, time };
  }

  /** What the store holds, verified. */
  async held(licenseKey = this.own): Promise<HeldLicense> {
    return this.#enrolled === undefined ? {} : this.#held.held(this.#enrolled, licenseKey);
  }

  /** As {@link prepareRequests}. @throws `not_enrolled` */
  async prepare(wishes: readonly Wish[], channel: Channel = 'online'): Promise<PendingRequest[]> {
    const { device, totals } = this;
    const requests = await prepareRequests({ ...this.#parts(), device, totals }, wishes, channel);
    this.announce(
      wishes.flatMap(({ purpose, licenseKey }) => (departureOf(purpose) === undefined ? [] : licenseKey)),
    );
    return requests;
  }

  /** As {@link acceptAnswers}. @throws `not_enrolled` */
  async accept(arrived: readonly Arrived[], channel: Channel): Promise<(Accepted | LicenseError)[]> {
    const accepted = await acceptAnswers(this.#parts(), arrived, channel);
    this.announce(accepted.flatMap((each) => (each instanceof LicenseError ? [] : each.request.licenseKey)));
    return accepted;
  }

  /** Tells whoever listens that something about these licenses changed, or may have; the way to stop that. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  announce(licenseKeys: readonly string[]): void {
    if (licenseKeys.length > 0) for (const listener of this.#listeners) listener(licenseKeys);
  }

  #parts() {
    return {
      enrolled: this.requireEnrolled(),
      store: this.store,
      clock: this.clock,
      held: this.#held,
      adopt: (roots: KnownRoots) => {
        const enrolled = this.requireEnrolled();
        if (roots.all.length > enrolled.roots.all.length) this.#enrolled = { ...enrolled, roots };
        return this.requireEnrolled();
      },
    };
  }

  /** @throws `not_enrolled` */
  requireEnrolled(): Enrolled {
    if (this.#enrolled === undefined) throw new LicenseError('not_enrolled');
    return this.#enrolled;
  }
}
