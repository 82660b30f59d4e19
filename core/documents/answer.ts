import * as Type from 'typebox';
import { type Bilingual, LicenseError } from '../errors.ts';
import { type VerificationKey, verificationKey } from '../keys.ts';
import { Compact, parseShape } from '../shapes.ts';
import { type ConcurrencyLease, concurrencyLeaseDocument } from './concurrency-lease.ts';
import { issuerCertificateDocument, verifyIssuerCertificate } from './issuer-certificate.ts';
import { type LicenseDenial, licenseDenialDocument } from './license-denial.ts';
import { checkAgainstTerms, type LicenseToken, licenseTokenDocument, MAX_RENEWALS } from './license-token.ts';
import { type KnownRoots, RootSuccession, requireNewestRoot } from './root-succession.ts';
import { typeOf } from './signed-document.ts';
import { type PurchaseTerms, verifyTerms } from './terms.ts';

/** What a server answers to a license request, by any road: HTTP, file or QR code. */
export const Answer = Type.Object({
  /** A license token, a license denial or a concurrency lease: the one signature made for this request. */
  document: Compact,
  issuerCertificate: Compact,
  /** The vendor's lines for this license: its purchase, then its renewals. Empty beside a denial. */
  terms: Type.Array(Compact, { maxItems: 1 + MAX_RENEWALS }),
  /** Where the certificate is under a root that took the place of another: what leads a device there. */
  rootSuccession: Type.Optional(RootSuccession),
});
export type Answer = Type.Static<typeof Answer>;

/** For whom an answer must have been made. */
export interface AnswerSubject {
  readonly serverId: string;
  readonly cid: string;
  readonly appId: string;
  readonly pid: string;
  readonly licenseKey: string;
  /** Thumbprint of this device's key. */
  readonly jkt: string;
}

export type VerifiedAnswer =
  | {
      readonly kind: 'token';
      readonly token: LicenseToken;
      readonly terms: PurchaseTerms;
      readonly serial: number;
    }
  | { readonly kind: 'denial'; readonly denial: LicenseDenial; readonly serial: number }
  | { readonly kind: 'lease'; readonly lease: ConcurrencyLease; readonly serial: number };

const CERTIFICATE: Bilingual = { en: 'certificate', zh: '签发证书' };
const DOCUMENT: Bilingual = { en: 'document', zh: '文件' };

/**
 * Verifies an answer, from root to statement: vendor root → issuer certificate (as of the statement's iat) →
 * server key → token or denial → this device → the vendor's terms. The same path serves what comes from the
 * network and what comes from our own store. Source: protocol, Trust.
 *
 * @param roots of every version that is known
 * @throws `document_malformed`, `document_too_large`, `document_wrong_type`, `issuer_untrusted`,
 * `signature_invalid`, `issuer_certificate_not_valid`, `issuer_mismatch`, `answer_for_another_device`,
 * `answer_for_another_license`, `terms_missing`, `terms_inconsistent`, `terms_violated`
 */
export async function verifyAnswer(
  input: unknown,
  subject: AnswerSubject,
  roots: readonly VerificationKey[],
): Promise<VerifiedAnswer> {
  const answer = parseShape(Answer, input, 'document_malformed', { en: 'answer', zh: '应答' });
  const document = kindOf(answer.document);
  const { iat } = document.parse(answer.document).claims;

  const certificate = await verifyIssuerCertificate(answer.issuerCertificate, roots, iat);
  const claims = await document.verify(answer.document, [verificationKey(certificate.cnf.jwk)]);

  for (const [name, value] of [
    [CERTIFICATE, certificate.sub],
    [DOCUMENT, claims.iss],
  ] as const) {
    if (value !== subject.serverId)
      throw new LicenseError('issuer_mismatch', { where: name, expected: subject.serverId, actual: value });
  }
  for (const [name, value] of [
    [CERTIFICATE, certificate.cid],
    [DOCUMENT, claims.cid],
  ] as const) {
    if (value !== subject.cid)
      throw new LicenseError('issuer_mismatch', { where: name, expected: subject.cid, actual: value });
  }
  if (claims.cnf.jkt !== subject.jkt) throw new LicenseError('answer_for_another_device');
  if (
    claims.licenseKey !== subject.licenseKey ||
    claims.appId !== subject.appId ||
    claims.pid !== subject.pid
  ) {
    throw new LicenseError('answer_for_another_license');
  }

  const { serial } = certificate;
  if (document === licenseDenialDocument) return { kind: 'denial', denial: claims as LicenseDenial, serial };
  if (document === concurrencyLeaseDocument)
    return { kind: 'lease', lease: claims as ConcurrencyLease, serial };
  const token = claims as LicenseToken;
  const terms = await Promise.all(answer.terms.map((line) => verifyTerms(line, roots)));
  return { kind: 'token', token, terms: checkAgainstTerms(token, terms), serial };
}

/** What a server said, whatever it was. */
export function claimsOf(verified: VerifiedAnswer): LicenseToken | LicenseDenial | ConcurrencyLease {
  switch (verified.kind) {
    case 'token':
      return verified.token;
    case 'denial':
      return verified.denial;
    case 'lease':
      return verified.lease;
  }
}

/**
 * Verifies an answer that just came: as {@link verifyAnswer}, and its certificate must be under the newest root that is
 * known. What is held already stays held under an earlier one. Source: protocol, Trust.
 *
 * @param roots after the answer's own succession was adopted
 * @throws as verifyAnswer; `root_succeeded`
 */
export async function verifyNewAnswer(
  answer: Answer,
  subject: AnswerSubject,
  roots: KnownRoots,
): Promise<VerifiedAnswer> {
  requireNewestRoot(issuerCertificateDocument.parse(answer.issuerCertificate).kid, roots);
  return verifyAnswer(answer, subject, roots.all);
}

/** The jti of the request that an answer says it answers, not verified yet. @throws `document_malformed` … */
export function nonceOf({ document }: Answer): string {
  return kindOf(document).parse(document).claims.nonce;
}

function kindOf(document: string) {
  const typ = typeOf(document);
  const kinds = [licenseDenialDocument, concurrencyLeaseDocument];
  return kinds.find((kind) => kind.typ === typ) ?? licenseTokenDocument;
}
