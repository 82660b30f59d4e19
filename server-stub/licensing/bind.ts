import type { EpochSeconds } from '#core/clock.ts';
import type { Fingerprint } from '#core/device/fingerprint.ts';
import { matchFingerprint } from '#core/device/fingerprint.ts';
import type { DenialCode } from '#core/documents/license-denial.ts';
import type { LicenseRequest } from '#core/documents/license-request.ts';
import type { LicenseTable } from '../store/schema.ts';
import type { KnownKey } from './request-facts.ts';

/** Devices that may take over an account license in a day. Source: protocol, Identity, "Account licenses". */
const TAKEOVERS_PER_DAY = 10;
/** Reinstalled systems that are recognised without an operator in a year. */
const REBINDS_PER_YEAR = 12;

const DAY = 86_400;
const YEAR = 365 * DAY;

export type Binding =
  /** The key that the license is bound to already. */
  | { readonly outcome: 'held' }
  /** First use: the license had no device yet. */
  | { readonly outcome: 'bound' }
  /** A new key of the same board, or the person's next device. */
  | { readonly outcome: 'rebound' }
  | { readonly outcome: 'denied'; readonly code: DenialCode }
  /** Neither the key nor an enrollment vouches for the sender. */
  | { readonly outcome: 'stranger' };

/**
 * May this device key hold this license? Decides only; the caller writes. Source: protocol, Identity; design,
 * Server "First use binds" and "Account licenses".
 *
 * @param proven whether the request carries a valid enrollment proof for this App and PID
 * @param known whether this key held the license before
 */
export function bindingOf(
  license: LicenseTable,
  request: LicenseRequest,
  jkt: string,
  { proven, known }: { proven: boolean; known: KnownKey | undefined },
  now: EpochSeconds,
): Binding {
  if (license.device_jkt === null) {
    // An operator put another device in the place of this one: only a person there may say that it is the one.
    if (known === 'replaced' && !(proven && isAskedFor(request)))
      return { outcome: 'denied', code: 'different_device' };
    // The license came back to its LicenseKey, and its device with it.
    const returned = known === 'known' && request.purpose === 'refresh';
    return proven || returned ? { outcome: 'bound' } : { outcome: 'stranger' };
  }

  const account = license.category === 'account';
  const match = matchFingerprint(fingerprintOf(license), request.fingerprint);
  if (license.device_jkt === jkt) {
    // The same key on another board: its disk was cloned. Accounts follow the person, not the board.
    return !account && match === 'different'
      ? { outcome: 'denied', code: 'different_device' }
      : { outcome: 'held' };
  }
  if (request.purpose !== 'activate' || !proven) return { outcome: 'denied', code: 'different_device' };
  if (account) {
    return withinLimit(license, TAKEOVERS_PER_DAY, DAY, now)
      ? { outcome: 'rebound' }
      : { outcome: 'denied', code: 'takeover_limit' };
  }
  if (match !== 'same') return { outcome: 'denied', code: 'different_device' };
  return withinLimit(license, REBINDS_PER_YEAR, YEAR, now)
    ? { outcome: 'rebound' }
    : { outcome: 'denied', code: 'rebind_limit' };
}

/** An activation that a person wants, not the daemon by itself. */
export function isAskedFor({ purpose, automatic }: LicenseRequest): boolean {
  return purpose === 'activate' && !automatic;
}

/** The license after a binding: key, fingerprint and the count of rebinds in the running day or year. */
export function bindLicense(
  license: LicenseTable,
  binding: Binding,
  request: LicenseRequest,
  jkt: string,
  now: EpochSeconds,
): void {
  if (binding.outcome === 'rebound') {
    const window = license.category === 'account' ? DAY : YEAR;
    if (now - license.rebinds_since >= window) {
      license.rebinds = 0;
      license.rebinds_since = now;
    }
    license.rebinds += 1;
  }
  // Where the board is the same one, what a request does not tell of it stays known: it could be taken for another later.
  const isSameBoard =
    binding.outcome === 'held' || (binding.outcome === 'rebound' && license.category === 'device');
  const known = isSameBoard ? fingerprintOf(license) : {};
  license.device_jkt = jkt;
  license.fingerprint = JSON.stringify({ ...known, ...request.fingerprint });
  license.last_seen_at = now;
  license.agent_version = request.agentVersion;
}

function withinLimit(
  { rebinds, rebinds_since }: LicenseTable,
  limit: number,
  window: number,
  now: EpochSeconds,
): boolean {
  return now - rebinds_since >= window || rebinds < limit;
}

function fingerprintOf({ fingerprint }: LicenseTable): Fingerprint {
  return fingerprint === null ? {} : JSON.parse(fingerprint);
}
