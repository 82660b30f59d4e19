import { createHash } from 'node:crypto';
import {
  type IssuerCertificate,
  issuerCertificateDocument,
  verifyIssuerCertificate,
} from '#core/documents/issuer-certificate.ts';
import type { SigningKey } from '#core/keys.ts';
import type { CertificateEntry } from './ledger-entry.ts';

export interface SignedCertificate {
  readonly document: string;
  readonly entry: CertificateEntry;
}

/**
 * Signs a certificate, then verifies it as server and agents will.
 *
 * @throws `document_malformed`; as verifyIssuerCertificate
 */
export async function signCertificate(
  certificate: IssuerCertificate,
  root: SigningKey,
): Promise<SignedCertificate> {
  const document = await issuerCertificateDocument.sign(certificate, root);
  const { sub, cid, cnf, serial, iat, exp } = await verifyIssuerCertificate(
    document,
    [root],
    certificate.iat,
  );
  const sha256 = createHash('sha256').update(document).digest('hex');
  return {
    document,
    entry: { kind: 'certificate', at: iat, serverId: sub, cid, jwk: cnf.jwk, serial, exp, sha256 },
  };
}
