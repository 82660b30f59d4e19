import type { VerifiedAnswer } from '#core/documents/answer.ts';
import { type ConcurrencyLease, concurrencyLeaseDocument } from '#core/documents/concurrency-lease.ts';
import { type IssuerCertificate, issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { type LicenseDenial, licenseDenialDocument } from '#core/documents/license-denial.ts';
import { type LicenseToken, licenseTokenDocument } from '#core/documents/license-token.ts';
import { type PurchaseTerms, type RenewalTerms, termsDocument } from '#core/documents/terms.ts';
import type { ErrorCode } from '#core/errors.ts';
import { certificate, denial, keys, lease, purchase, renewal, subject, token } from './parties.ts';
import type { VectorCase } from './vector-file.ts';

export const certified = (changes: Partial<IssuerCertificate> = {}, key = keys.root) =>
  issuerCertificateDocument.sign({ ...certificate, ...changes }, key);
export const bought = (changes: Partial<PurchaseTerms> = {}, key = keys.root) =>
  termsDocument.sign({ ...purchase, ...changes }, key);
export const renewable = (changes: Partial<RenewalTerms> = {}, key = keys.root) =>
  termsDocument.sign({ ...renewal, ...changes }, key);

interface Parts {
  readonly document?: string;
  readonly issuerCertificate?: string;
  readonly terms?: readonly string[];
}

export async function tokenAnswer(claims: Partial<LicenseToken> = {}, parts: Parts = {}, key = keys.server) {
  return {
    document: await licenseTokenDocument.sign({ ...token, ...claims }, key),
    issuerCertificate: await certified(),
    terms: [await bought()],
    ...parts,
  };
}

export async function denialAnswer(
  claims: Partial<LicenseDenial> = {},
  parts: Parts = {},
  key = keys.server,
) {
  return {
    document: await licenseDenialDocument.sign({ ...denial, ...claims }, key),
    issuerCertificate: await certified(),
    terms: [],
    ...parts,
  };
}

export async function leaseAnswer(
  claims: Partial<ConcurrencyLease> = {},
  parts: Parts = {},
  key = keys.server,
) {
  return {
    document: await concurrencyLeaseDocument.sign({ ...lease, ...claims }, key),
    issuerCertificate: await certified(),
    terms: [],
    ...parts,
  };
}

const given = { subject, trusted: ['root'] };

export function accepted(
  name: string,
  answer: object,
  kind: VerifiedAnswer['kind'],
  claims: object,
  input: object = {},
): VectorCase {
  return { name, answer, ...given, ...input, valid: true, kind, claims };
}
export function refused(name: string, code: ErrorCode, answer: unknown, input: object = {}): VectorCase {
  return { name, answer, ...given, ...input, valid: false, code };
}
