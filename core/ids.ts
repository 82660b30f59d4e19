import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { LicenseError } from './errors.ts';

/**
 * A new id: 32 upper-case hex characters (license values, grants, jti), a UUID of version 7 (RFC 9562 §5.7): its
 * time comes first, so that rows with new ids lie together in an index. Source: contract, "Calls".
 */
export function newId(): string {
  return randomUUIDv7().replaceAll('-', '').toUpperCase();
}

/** A new App ID: 32 lower-case hex characters. Source: contract, "Calls". */
export function newAppId(): string {
  return randomBytes(16).toString('hex');
}

/** A new secret of 256 random bits, base64url. Random at this length, one SHA-256 of it is a safe stored form. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export const LICENSE_KEY_MAX_BYTES = 128;
/** Controls, format characters, surrogates, private use, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/** Whether a value is a LicenseKey: see {@link parseLicenseKey}. */
export function isLicenseKey(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= LICENSE_KEY_MAX_BYTES &&
    value.trim() === value &&
    value.isWellFormed() &&
    !UNPRINTABLE.test(value) &&
    Buffer.byteLength(value) <= LICENSE_KEY_MAX_BYTES
  );
}

/**
 * A device or account id: 1–128 bytes of printable UTF-8, no control characters or surrounding space; opaque
 * and case-sensitive beyond that. Source: contract, Rules, row "LicenseKey".
 *
 * @throws `license_key_invalid`
 */
export function parseLicenseKey(value: unknown): string {
  if (!isLicenseKey(value)) throw new LicenseError('license_key_invalid');
  return value;
}
