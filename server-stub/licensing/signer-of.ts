import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { LicenseError } from '#core/errors.ts';
import { publicKeyThumbprint, type SigningKey } from '#core/keys.ts';
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

/** Thumbprint of the key that a certificate names; it was verified when it was imported. */
export function keyOfCertificate(certificate: string): string {
  return publicKeyThumbprint(issuerCertificateDocument.parse(certificate).claims.cnf.jwk);
}
