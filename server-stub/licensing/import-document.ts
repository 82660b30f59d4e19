import { grantDocument } from '#core/documents/grant.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { type KnownRoots, requireNewestRoot } from '#core/documents/root-succession.ts';
import { typeOf } from '#core/documents/signed-document.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { type CertificateImport, importCertificate } from './import-certificate.ts';
import { type GrantImport, importGrant } from './import-grant.ts';
import { importRoots, type RootsImport } from './import-roots.ts';
import type { Issuer } from './issuer.ts';
import { vendorRoots } from './root-chain.ts';

export type Imported = CertificateImport | GrantImport | RootsImport;

/**
 * Takes what the vendor sent, whichever it is: a grant, a certificate for this server, or new roots. What is new must be
 * under the newest root.
 *
 * @param where name of the file, for the message
 * @throws `document_wrong_type`, `root_succeeded`; as importGrant, importCertificate and importRoots
 */
export async function importDocument(
  transaction: Transaction,
  text: string,
  { where, issuer, pinned }: { where: string; issuer: Issuer; pinned: KnownRoots },
  actor: string,
): Promise<Imported> {
  if (text.startsWith('{')) return importRoots(transaction, text, where, pinned, actor);
  const roots = await vendorRoots(transaction.db, pinned);
  const typ = typeOf(text);
  switch (typ) {
    case grantDocument.typ:
      requireNewestRoot(grantDocument.parse(text).kid, roots);
      return importGrant(transaction, text, roots.all, issuer.serverId, actor);
    case issuerCertificateDocument.typ:
      requireNewestRoot(issuerCertificateDocument.parse(text).kid, roots);
      return importCertificate(transaction, text, roots.all, issuer, actor);
    default:
      throw new LicenseError('document_wrong_type', {
        where: `${grantDocument.typ} / ${issuerCertificateDocument.typ}`,
        typ,
        alg: '-',
      });
  }
}
