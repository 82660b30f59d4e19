import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { LicenseError } from '#core/errors.ts';
import { type VerificationKey, verificationKey } from '#core/keys.ts';
import type { Transaction } from '../store/database.ts';
import type { Issuer } from './issuer.ts';

export interface CertificateImport {
  readonly kind: 'certificate';
  readonly cid: string;
  readonly serial: number;
  readonly exp: number;
  /** false where this very certificate was there already. */
  readonly changed: boolean;
}

/**
 * Takes the vendor's certificate for this server and one company. Serials only rise. Source: protocol, Trust.
 *
 * @throws as the document's verify; `certificate_other_key`, `issuer_serial_old`
 */
export async function importCertificate(
  { db, audit }: Transaction,
  document: string,
  roots: readonly VerificationKey[],
  issuer: Issuer,
  actor: string,
): Promise<CertificateImport> {
  const certificate = await issuerCertificateDocument.verify(document, roots);
  const { sub, cid, cnf, serial, nbf, exp } = certificate;
  const ours = [issuer.key, ...(issuer.otherKeys?.({ anew: true }) ?? [])];
  const { thumbprint } = verificationKey(cnf.jwk);
  if (sub !== issuer.serverId || !ours.some((key) => key.thumbprint === thumbprint)) {
    throw new LicenseError('certificate_other_key');
  }
  const highest = await db
    .selectFrom('issuer_certificate')
    .select(['serial', 'document'])
    .where('cid', '=', cid)
    .orderBy('serial', 'desc')
    .executeTakeFirst();
  if (highest?.document === document) return { kind: 'certificate', cid, serial, exp, changed: false };
  if (highest !== undefined && serial <= highest.serial) {
    throw new LicenseError('issuer_serial_old', { serial, highest: highest.serial });
  }

  const now = await audit.timeOf(cid);
  // The grant brings the company's name; until then its number stands for it.
  await db
    .insertInto('company')
    .values({ cid, name: cid, created_at: now })
    .onConflict((conflict) => conflict.column('cid').doNothing())
    .execute();
  await db
    .insertInto('issuer_certificate')
    .values({ cid, serial, document, nbf, exp, imported_at: now })
    .execute();
  await audit.append(cid, {
    actor,
    action: 'certificate.import',
    subject: String(serial),
    detail: { nbf, exp },
  });
  return { kind: 'certificate', cid, serial, exp, changed: true };
}
