import { isWithinPeriod } from './calendar.ts';
import type { MediaType } from './catalog.ts';
import type { EpochSeconds } from './clock.ts';
import { bindFingerprint, type Fingerprint, matchFingerprint } from './device/fingerprint.ts';
import { isEnding, type LicenseDenial } from './documents/license-denial.ts';
import type { LicenseToken } from './documents/license-token.ts';
import type { ErrorCode } from './errors.ts';

export const STATES = [
  'unlicensed',
  'active',
  'grace',
  'expired',
  'suspended',
  'released',
  'transferred',
  'different_device',
  'invalid',
] as const;
export type State = (typeof STATES)[number];

/** Whether a license in this state may be used at all. */
export function isUsable(state: State): boolean {
  return state === 'active' || state === 'grace';
}

/** `license_err_reason_e` of the public SDK. Source: contract, "Device verdicts". */
export type SdkReason = 0 | 1 | 2 | 3 | 4 | 5 | 99;

export type Media = 'audio' | 'video';

/** Trusted time. Source: protocol, Time. */
export interface TrustedTime {
  /** The higher of wall clock and mark: leads at most to `grace`. */
  readonly now: EpochSeconds;
  /** The mark alone, which a glitch of the wall clock cannot move: only this leads to `expired`. */
  readonly confirmed: EpochSeconds;
}

/** All that is known of one license on this device; documents are verified before they come here. */
export interface Evidence {
  readonly token?: LicenseToken | undefined;
  /** An ending denial, or `suspended`, newer than the token. */
  readonly denial?: LicenseDenial | undefined;
  /** What a person gave up here; the server has not answered yet. */
  readonly departed?: 'released' | 'transferred' | undefined;
  /** Why what is stored could not be verified. */
  readonly fault?: ErrorCode | undefined;
  readonly fingerprint: Fingerprint;
  /** Minutes that this device's own meter counted, in all. */
  readonly meteredMinutes?: number | undefined;
}

export interface Capability {
  readonly allowed: boolean;
  readonly reason: SdkReason;
  /** A state where the state forbids it, else what else does. */
  readonly because: State | 'media_not_licensed' | 'outside_period' | 'minutes_exceeded';
}

export interface Verdict {
  readonly state: State;
  readonly reason: SdkReason;
  /** When the state began, where that is known. */
  readonly since?: EpochSeconds;
  /** When time alone ends the state. */
  readonly until?: EpochSeconds;
  /** Why it is `invalid`. */
  readonly fault?: ErrorCode;
  /** The wall clock says `expired`, and has not yet held long enough to be believed. */
  readonly clockUnconfirmed: boolean;
  readonly capabilities: Readonly<Record<Media, Capability>>;
}

/**
 * When a token stops being usable: its grace after `exp` where that ends before the license does, else the end
 * of the license with its own grace; the same online and offline. Source: protocol, Time, "Token life".
 */
export function usableUntil(
  token: Pick<LicenseToken, 'exp' | 'graceSeconds' | 'expireTime' | 'expiryGraceSeconds'>,
): EpochSeconds {
  const graceEnd = token.exp + token.graceSeconds;
  return graceEnd < token.expireTime ? graceEnd : token.expireTime + token.expiryGraceSeconds;
}

/** May this device do audio or video now? The one place that decides. Source: design, Agent "States". */
export function evaluate(evidence: Evidence, time: TrustedTime): Verdict {
  const { token, denial, departed, fault } = evidence;
  if (denial !== undefined && isEnding(denial.code)) return halted(denial.code, { since: denial.iat });
  if (departed !== undefined) return halted(departed);
  if (fault !== undefined) return halted('invalid', { fault });
  if (token === undefined) return halted('unlicensed');
  if (
    matchFingerprint(token.fingerprint, bindFingerprint(evidence.fingerprint, token.license)) === 'different'
  ) {
    return halted('different_device');
  }
  if (denial?.code === 'suspended') return halted('suspended', { since: denial.iat });

  const end = usableUntil(token);
  if (time.confirmed >= end) return halted('expired', { since: end });
  const clockUnconfirmed = time.now >= end;
  const state = time.now < token.exp ? 'active' : 'grace';
  const capabilities = capabilitiesOf(token, state, evidence.meteredMinutes ?? 0, time.now);
  return state === 'active'
    ? { state, reason: 0, since: token.activationTime, until: token.exp, clockUnconfirmed, capabilities }
    : { state, reason: 0, since: token.exp, until: end, clockUnconfirmed, capabilities };
}

const REASONS: Record<State, SdkReason> = {
  active: 0,
  grace: 0,
  unlicensed: 1,
  suspended: 1,
  released: 1,
  transferred: 1,
  invalid: 1,
  expired: 2,
  different_device: 5,
};

function halted(state: State, extra: Pick<Verdict, 'since' | 'fault'> = {}): Verdict {
  const reason = REASONS[state];
  const capability: Capability = { allowed: false, reason, because: state };
  return {
    state,
    reason,
    ...extra,
    clockUnconfirmed: false,
    capabilities: { audio: capability, video: capability },
  };
}

function capabilitiesOf(
  token: LicenseToken,
  state: State,
  meteredMinutes: number,
  now: EpochSeconds,
): Verdict['capabilities'] {
  const { sku, minutes } = token;
  const used = Math.max(minutes.own, meteredMinutes) + minutes.others;
  const general: Capability = !isWithinPeriod(now, sku.period, sku.zone)
    ? { allowed: false, reason: 4, because: 'outside_period' }
    : minutes.allowed > 0 && used >= minutes.allowed
      ? { allowed: false, reason: 3, because: 'minutes_exceeded' }
      : { allowed: true, reason: 0, because: state };
  const capability = (media: Media): Capability =>
    covers(sku.mediaType, media) ? general : { allowed: false, reason: 1, because: 'media_not_licensed' };
  return { audio: capability('audio'), video: capability('video') };
}

function covers(mediaType: MediaType, media: Media): boolean {
  return mediaType === 3 || mediaType === (media === 'audio' ? 1 : 2);
}
