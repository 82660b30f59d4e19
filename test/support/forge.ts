import { sign } from 'node:crypto';
import { LicenseError } from '#core/errors.ts';
import type { SigningKey } from '#core/keys.ts';
import { requireChinese } from './chinese.ts';

export const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');

/**
 * A compact JWS with any header and any payload, signed with Ed25519: what `sign` of the product refuses to
 * make, and an attacker who holds a key can.
 */
export function forge(header: object, payload: object | Uint8Array, key: SigningKey): string {
  const claims = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload));
  const signed = `${base64url(JSON.stringify(header))}.${base64url(claims)}`;
  return `${signed}.${base64url(sign(null, Buffer.from(signed), key.privateKey))}`;
}

/**
 * The code of the LicenseError that a promise or function ends with, which must be readable in Chinese too; anything
 * else is rethrown.
 */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof LicenseError)) throw thrown;
    requireChinese(thrown);
    return thrown.code;
  }
  return 'accepted';
}
