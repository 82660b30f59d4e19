import * as Type from 'typebox';
import type { EpochSeconds } from '../clock.ts';
import { LicenseError } from '../errors.ts';
import { PublicJwk, type VerificationKey } from '../keys.ts';
import { Cid, Epoch, Id } from '../shapes.ts';
import { defineDocument } from './signed-document.ts';

export const IssuerCertificate = Type.Object({
  /** The license server's id. */
  sub: Id,
  cid: Cid,
  /** The server's signing key (RFC 7800 `cnf`). */
  cnf: Type.Object({ jwk: PublicJwk }),
  /** Only rises; an agent refuses answers under a lower one than it has seen. */
  serial: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  iat: Epoch,
  nbf: Epoch,
  exp: Epoch,
});
export type IssuerCertificate = Type.Static<typeof IssuerCertificate>;

/** The vendor's word that a server may issue for a company. */
export const issuerCertificateDocument = defineDocument({
  typ: 'license-issuer+jwt',
  schema: IssuerCertificate,
  maxBytes: 2048,
});

/**
 * Verifies a certificate as it stood at a moment: the `iat` of what the server signed, not today's date, so
 * that no classroom goes dark on the day it ends. Source: protocol, Trust.
 *
 * @throws as {@link issuerCertificateDocument}.verify; `issuer_certificate_not_valid` where nbf ≤ at ≤ exp fails
 */
export async function verifyIssuerCertificate(
  compact: unknown,
  roots: readonly VerificationKey[],
  at: EpochSeconds,
): Promise<IssuerCertificate> {
  const certificate = await issuerCertificateDocument.verify(compact, roots);
  const { nbf, exp } = certificate;
  if (at < nbf || at > exp) throw new LicenseError('issuer_certificate_not_valid', { at, nbf, exp });
  return certificate;
}
