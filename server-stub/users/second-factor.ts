import { Secret, TOTP } from 'otpauth';
import type { EpochSeconds } from '#core/clock.ts';

/** RFC 6238 as every authenticator app has it by default. */
const SECONDS = 30;
/** Steps before and after: clocks of telephones differ, and typing takes time (RFC 6238 §5.2). */
const WINDOW = 1;
const SECRET_BYTES = 20;

/** A new secret, base32 (RFC 4226 §4: 160 bits). */
export function newTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** What an authenticator app reads from a QR code: `otpauth://totp/…`. */
export function totpUri(secret: string, userName: string, issuer: string): string {
  return totp(secret, userName, issuer).toString();
}

/**
 * The time step that a code belongs to, where it is right and no code of this step or a later one was taken before.
 *
 * @param lastStep the step that was taken last
 */
export function totpStep(
  secret: string,
  code: string,
  lastStep: number,
  now: EpochSeconds,
): number | undefined {
  const delta = totp(secret).validate({
    token: code.replace(/\s/g, ''),
    timestamp: now * 1000,
    window: WINDOW,
  });
  if (delta === null) return undefined;
  const step = Math.floor(now / SECONDS) + delta;
  return step > lastStep ? step : undefined;
}

const totp = (secret: string, label = '', issuer = '') =>
  new TOTP({
    issuer,
    label,
    secret: Secret.fromBase32(secret),
    period: SECONDS,
    digits: 6,
    algorithm: 'SHA1',
  });
