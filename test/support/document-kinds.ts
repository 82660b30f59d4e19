import { applicationDocument, verifyApplication } from '#core/documents/application.ts';
import { concurrencyLeaseDocument } from '#core/documents/concurrency-lease.ts';
import { grantDocument, verifyGrant } from '#core/documents/grant.ts';
import { verifyIssuerCertificate } from '#core/documents/issuer-certificate.ts';
import { licenseCertDocument } from '#core/documents/license-cert.ts';
import { licenseDenialDocument } from '#core/documents/license-denial.ts';
import { parseLicenseRequest, verifyLicenseRequest } from '#core/documents/license-request.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { termsDocument, verifyTerms } from '#core/documents/terms.ts';
import { verifyUsageReport } from '#core/documents/usage-report.ts';
import { newId } from '#core/ids.ts';
import { usageReport } from './usage-report.ts';
import { NOW, ONE_YEAR, VIDEO_SKU, type World } from './world.ts';

/** One signed document of a kind, and the way by which the product verifies that kind. */
export interface DocumentKind {
  readonly typ: string;
  readonly compact: string;
  verify(compact: unknown): Promise<unknown>;
}

/** The codes by which a document may be refused for what it is; anything else would be a fault of ours. */
export const DOCUMENT_CODES: readonly string[] = [
  'document_malformed',
  'document_too_large',
  'document_wrong_type',
  'issuer_certificate_not_valid',
  'issuer_mismatch',
  'issuer_untrusted',
  'key_malformed',
  'signature_invalid',
];

/** A valid document of every kind that is signed. */
export async function documentKinds(world: World): Promise<DocumentKind[]> {
  const roots = [world.root];
  const { appId, serverId, serverKey, cid, renewal } = world;
  return [
    {
      typ: 'license-terms+jwt',
      compact: await world.terms(),
      verify: (compact) => verifyTerms(compact, roots),
    },
    {
      typ: 'license-grant+jwt',
      compact: await grantDocument.sign(
        {
          grantId: newId(),
          aud: serverId,
          cid,
          name: 'Example School',
          apps: [{ appId, vid: '975823', name: 'Classroom', preallocation: true }],
          terms: [await world.terms(), await termsDocument.sign(renewal, world.root)],
          iat: NOW,
        },
        world.root,
      ),
      verify: (compact) => verifyGrant(compact, roots),
    },
    {
      typ: 'license-issuer+jwt',
      compact: await world.certificate(),
      verify: (compact) => verifyIssuerCertificate(compact, roots, NOW),
    },
    {
      typ: 'license-request+jwt',
      compact: await world.request({ usage: { [newId()]: 7 } }),
      verify: async (compact) => verifyLicenseRequest(parseLicenseRequest(compact)),
    },
    {
      typ: 'license-token+jwt',
      compact: await licenseTokenDocument.sign(world.tokenClaims(), serverKey),
      verify: (compact) => licenseTokenDocument.verify(compact, [serverKey]),
    },
    {
      typ: 'license-denial+jwt',
      compact: await licenseDenialDocument.sign(world.denialClaims('released'), serverKey),
      verify: (compact) => licenseDenialDocument.verify(compact, [serverKey]),
    },
    {
      typ: 'license-lease+jwt',
      compact: await concurrencyLeaseDocument.sign(world.leaseClaims(), serverKey),
      verify: (compact) => concurrencyLeaseDocument.verify(compact, [serverKey]),
    },
    {
      typ: 'license-cert+jwt',
      compact: await licenseCertDocument.sign(
        {
          iss: serverId,
          cid,
          iat: NOW,
          license: newId(),
          appId,
          pid: world.purchase.pid,
          licenseKey: 'SN-0001',
          activationTime: NOW,
          expireTime: NOW + 31_536_000,
        },
        serverKey,
      ),
      verify: (compact) => licenseCertDocument.verify(compact, [serverKey]),
    },
    {
      typ: 'license-application+jwt',
      compact: await applicationDocument.sign(
        {
          applicationId: newId(),
          iss: serverId,
          iat: NOW,
          cid,
          name: 'Example School',
          cnf: { jwk: serverKey.jwk },
          items: [{ kind: 'purchase', sku: VIDEO_SKU, validity: ONE_YEAR, category: 'device', count: 100 }],
          apps: [{ appId, name: 'Classroom' }],
          preallocation: true,
        },
        serverKey,
      ),
      verify: verifyApplication,
    },
    {
      typ: 'license-report+jwt',
      compact: await usageReport(world),
      verify: (compact) => verifyUsageReport(compact, roots),
    },
  ];
}

export const DOCUMENT_TYPES = [
  'license-terms+jwt',
  'license-grant+jwt',
  'license-issuer+jwt',
  'license-request+jwt',
  'license-token+jwt',
  'license-denial+jwt',
  'license-lease+jwt',
  'license-cert+jwt',
  'license-application+jwt',
  'license-report+jwt',
] as const;

/** The kind of one `typ`. */
export async function documentKind(world: World, typ: string): Promise<DocumentKind> {
  const kind = (await documentKinds(world)).find((candidate) => candidate.typ === typ);
  if (kind === undefined) throw new Error(`no document of typ ${typ}`);
  return kind;
}
