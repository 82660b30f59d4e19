import { LicenseError } from '#core/errors.ts';
import { isUsable } from '#core/evaluate.ts';
import { parseLicenseKey } from '#core/ids.ts';
import type { AgentStatus, HeldOutcome, HeldPage } from './client/local-answers.ts';
import type { Licenses } from './licenses.ts';
import type { RefreshLoop } from './refresh-loop.ts';
import { LICENSES_PER_CALL, type Refresher, type RefreshOutcome } from './refresher.ts';

export interface GatewayParts {
  readonly licenses: Licenses;
  readonly refresher: Refresher;
  readonly loop: RefreshLoop;
  readonly status: (licenseKey: string) => Promise<AgentStatus>;
}

/** Licenses that one agent holds for others. Source: design, Agent. */
const MOST_MEMBERS = 10_000;

/** Holds licenses for devices that cannot run an agent: one row each, bound to this gateway's key. */
export class Gateway {
  readonly #parts: GatewayParts;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /**
   * Takes devices in and activates licenses for them; one that holds its license already keeps it. Where no server
   * answers they stay, and the daemon tries again.
   *
   * @throws `not_enrolled`, `license_key_invalid`, `too_many_licenses`
   */
  async add(licenseKeys: readonly string[]): Promise<HeldOutcome[]> {
    const { licenses, loop } = this.#parts;
    const { subject } = licenses.requireEnrolled();
    const { members } = licenses.store;
    const wanted = [...new Set(licenseKeys.map(parseLicenseKey))];
    const isNew = (licenseKey: string) => licenseKey !== licenses.own && !licenses.isMember(licenseKey);
    const newcomers = wanted.filter(isNew);
    if (members.count(subject) + newcomers.length > MOST_MEMBERS)
      throw new LicenseError('too_many_licenses', { most: MOST_MEMBERS });
    members.add(subject, newcomers);
    loop.remove(newcomers);
    return this.#contact(wanted, 'activate');
  }

  /**
   * Gives the licenses of devices up: they stay at the server as released. Where no server answers nothing is held any
   * more, and the daemon says so when one does.
   *
   * @throws `not_enrolled`, `not_held`
   */
  async remove(licenseKeys: readonly string[]): Promise<HeldOutcome[]> {
    for (const licenseKey of licenseKeys) this.#parts.licenses.requireHeld(licenseKey);
    return this.#contact(licenseKeys, 'release');
  }

  /**
   * That a license is an account's, which applications may take in and give up; not that of this device or of another.
   *
   * @throws `not_an_account`, `not_enrolled`
   */
  requireAccount(licenseKey: string): void {
    const { licenses } = this.#parts;
    const { category } = licenses.requireEnrolled().enrollment;
    if (category !== 'account' || licenseKey === licenses.own)
      throw new LicenseError('not_an_account', { licenseKey });
  }

  /** @throws `not_held` */
  async status(licenseKey: string): Promise<AgentStatus> {
    this.#parts.licenses.requireHeld(licenseKey);
    return this.#parts.status(licenseKey);
  }

  /** A page of the LicenseKeys that licenses are held for, in their order. */
  list(after: string, size: number): HeldPage {
    const { licenses } = this.#parts;
    const { enrolled, store } = licenses;
    if (enrolled === undefined) return { count: 0, licenseKeys: [], next: null };
    const found = store.members.page(enrolled.subject, after, size + 1);
    const licenseKeys = found.slice(0, size);
    const next = found.length > size ? (licenseKeys.at(-1) ?? null) : null;
    return { count: store.members.count(enrolled.subject), licenseKeys, next };
  }

  async #contact(licenseKeys: readonly string[], purpose: 'activate' | 'release'): Promise<HeldOutcome[]> {
    const { licenses, refresher, loop } = this.#parts;
    const outcomes: HeldOutcome[] = [];
    for (let begin = 0; begin < licenseKeys.length; begin += LICENSES_PER_CALL) {
      const batch = licenseKeys.slice(begin, begin + LICENSES_PER_CALL);
      const toAskFor = [];
      for (const licenseKey of batch) {
        const { verdict } = await licenses.verdict(licenseKey);
        if (purpose === 'release' || !isUsable(verdict.state)) toAskFor.push(licenseKey);
      }
      const contacted = await refresher.refresh(toAskFor, { purpose });
      await loop.planAfter(contacted);
      for (const licenseKey of batch)
        outcomes.push({ licenseKey, ...outcomeOf(contacted.get(licenseKey), purpose) });
    }
    return outcomes;
  }
}

/** `ok`, or the code of what stands in the way. */
function outcomeOf(
  outcome: RefreshOutcome | undefined,
  purpose: 'activate' | 'release',
): Pick<HeldOutcome, 'outcome'> {
  if (outcome?.kind === 'failure') return { outcome: outcome.error.code };
  if (outcome?.kind === 'denial' && !(purpose === 'release' && outcome.code === 'released'))
    return { outcome: outcome.code };
  return { outcome: 'ok' };
}
