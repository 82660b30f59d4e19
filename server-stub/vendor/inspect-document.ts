import { applicationDocument, verifyApplication } from '#core/documents/application.ts';
import { grantDocument, verifyGrant } from '#core/documents/grant.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { licenseDenialDocument } from '#core/documents/license-denial.ts';
import {
  licenseRequestDocument,
  parseLicenseRequest,
  verifyLicenseRequest,
} from '#core/documents/license-request.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { type SignedDocument, typeOf } from '#core/documents/signed-document.ts';
import { type Terms, termsDocument, verifyTerms } from '#core/documents/terms.ts';
import { usageReportDocument, verifyUsageReport } from '#core/documents/usage-report.ts';
import { LicenseError } from '#core/errors.ts';
import type { VerificationKey } from '#core/keys.ts';

/** The keys at hand; a document whose kind of key is missing is shown unverified. */
export interface InspectionKeys {
  /** The vendor's, of every version. */
  readonly roots?: readonly VerificationKey[];
  /** Of servers that the vendor certified. */
  readonly servers?: readonly VerificationKey[];
}

export interface Inspection {
  readonly typ: string;
  readonly kid: string;
  /** Who vouches for the claims: `itself` is a document signed by the key that it carries; null is nobody yet. */
  readonly verifiedBy: 'root' | 'server' | 'itself' | null;
  readonly claims: object;
  /** The lines of a grant. */
  readonly lines?: readonly Terms[];
}

/**
 * What a signed document says, and who vouches for it.
 *
 * @throws as the document's verify, where its key is at hand; `document_malformed` also for an unknown typ
 */
export async function inspectDocument(
  compact: string,
  { roots, servers }: InspectionKeys,
): Promise<Inspection> {
  const typ = typeOf(compact);
  switch (typ) {
    case grantDocument.typ:
      return inspectGrant(compact, roots);
    case termsDocument.typ:
      return inspect(termsDocument, compact, 'root', roots && (() => verifyTerms(compact, roots)));
    case issuerCertificateDocument.typ:
      return inspectByKeys(issuerCertificateDocument, compact, 'root', roots);
    case applicationDocument.typ:
      return inspect(applicationDocument, compact, 'itself', () => verifyApplication(compact));
    case licenseRequestDocument.typ:
      return inspect(licenseRequestDocument, compact, 'itself', () =>
        verifyLicenseRequest(parseLicenseRequest(compact)),
      );
    case licenseTokenDocument.typ:
      return inspectByKeys(licenseTokenDocument, compact, 'server', servers);
    case licenseDenialDocument.typ:
      return inspectByKeys(licenseDenialDocument, compact, 'server', servers);
    case usageReportDocument.typ:
      return inspect(
        usageReportDocument,
        compact,
        'server',
        roots && (() => verifyUsageReport(compact, roots)),
      );
    default: {
      const problem = {
        en: `has typ "${typ}", which is no document of ours`,
        zh: `typ 为“${typ}”，不是本产品的文件`,
      };
      throw new LicenseError('document_malformed', { where: { en: 'document', zh: '文件' }, problem });
    }
  }
}

async function inspectGrant(
  compact: string,
  roots: readonly VerificationKey[] | undefined,
): Promise<Inspection> {
  const { typ } = grantDocument;
  const { kid, claims: parsed } = grantDocument.parse(compact);
  if (roots === undefined) {
    const { terms, ...claims } = parsed;
    const lines = terms.map((line) => termsDocument.parse(line).claims);
    return { typ, kid, verifiedBy: null, claims, lines };
  }
  const verified = await verifyGrant(compact, roots);
  const { terms: _, ...claims } = verified.grant;
  const lines = verified.terms.map((line) => line.claims);
  return { typ, kid, verifiedBy: 'root', claims, lines };
}

function inspectByKeys(
  definition: SignedDocument<object>,
  compact: string,
  signer: 'root' | 'server',
  keys: readonly VerificationKey[] | undefined,
): Promise<Inspection> {
  return inspect(definition, compact, signer, keys && (() => definition.verify(compact, keys)));
}

async function inspect(
  definition: SignedDocument<object>,
  compact: string,
  signer: Inspection['verifiedBy'],
  verify: (() => Promise<object>) | undefined,
): Promise<Inspection> {
  const { typ } = definition;
  const { kid, claims } = definition.parse(compact);
  return verify === undefined
    ? { typ, kid, verifiedBy: null, claims }
    : { typ, kid, verifiedBy: signer, claims: await verify() };
}
