import { LicenseError } from '#core/errors.ts';
import type { SigningKey } from '#core/keys.ts';
import { keyOfCertificate } from './certificates.ts';
import type { Issuer } from './issuer.ts';

/**
 * The key that a certificate of ours is for: while the key is changed, company by company, there are two. Source:
 * protocol, Trust.
 *
 * @throws `signing_key_missing`
 */
export function signerOf(issuer: Issuer, certificate: string): SigningKey {
  const thumbprint = keyOfCertificate(certificate);
  const { key, otherKeys } = issuer;
  if (key.thumbprint === thumbprint) return key;
  const find = (keys: readonly SigningKey[] = []) => keys.find((each) => each.thumbprint === thumbprint);
  const found = find(otherKeys?.()) ?? find(otherKeys?.({ anew: true }));
  if (found === undefined) throw new LicenseError('signing_key_missing', { kid: thumbprint });
  return found;
}
