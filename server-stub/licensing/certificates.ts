import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { LicenseError } from '#core/errors.ts';
import { publicKeyThumbprint } from '#core/keys.ts';
import type { Schema } from '../store/schema.ts';

export type Certificate = Pick<Schema['issuer_certificate'], 'document' | 'nbf' | 'exp'>;

/** The certificates of a company, the highest serial first. They are few: one in years, or after a key was changed. */
export function certificatesOf(db: Kysely<Schema>, cid: string): Promise<Certificate[]> {
  return db
    .selectFrom('issuer_certificate')
    .select(['document', 'nbf', 'exp'])
    .where('cid', '=', cid)
    .orderBy('serial', 'desc')
    .execute();
}

/** The certificate that was in force at a moment: of those that were valid then the one with the highest serial. */
export function certificateAt<C extends Certificate>(
  certificates: readonly C[],
  at: EpochSeconds,
): C | undefined {
  return certificates.find(({ nbf, exp }) => nbf <= at && at <= exp);
}

/**
 * The certificate of a company that is in force now: one that begins later is not used before it does, and after the end
 * of all the server cannot issue.
 *
 * @throws `issuer_certificate_missing`, `issuer_certificate_expired`
 */
export function requireCertificate(
  certificates: readonly Certificate[],
  cid: string,
  now: EpochSeconds,
): string {
  const current = certificateAt(certificates, now);
  if (current === undefined) throw noneInForce(certificates, cid);
  return current.document;
}

/** Why a company has no certificate that is in force. */
export function noneInForce({ length }: readonly Certificate[], cid: string): LicenseError {
  return new LicenseError(length === 0 ? 'issuer_certificate_missing' : 'issuer_certificate_expired', {
    cid,
  });
}

/** As {@link requireCertificate}, read from the store. */
export async function currentCertificate(
  db: Kysely<Schema>,
  cid: string,
  now: EpochSeconds,
): Promise<string> {
  return requireCertificate(await certificatesOf(db, cid), cid, now);
}

/** Thumbprint of the key that a certificate names; it was verified when it was imported. */
export function keyOfCertificate(certificate: string): string {
  return publicKeyThumbprint(issuerCertificateDocument.parse(certificate).claims.cnf.jwk);
}
