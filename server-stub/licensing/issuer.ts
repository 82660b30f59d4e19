import type { EpochSeconds } from '#core/clock.ts';
import { bindFingerprint } from '#core/device/fingerprint.ts';
import type { Answer } from '#core/documents/answer.ts';
import { type ConcurrencyLease, concurrencyLeaseDocument } from '#core/documents/concurrency-lease.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import {
  type DenialCode,
  type LicenseDenial,
  licenseDenialDocument,
} from '#core/documents/license-denial.ts';
import type { LicenseRequest } from '#core/documents/license-request.ts';
import { allowedMinutes, type LicenseToken, licenseTokenDocument } from '#core/documents/license-token.ts';
import { type PurchaseTerms, tokenLimits } from '#core/documents/terms.ts';
import { newId } from '#core/ids.ts';
import type { SigningKey } from '#core/keys.ts';
import { MAX_COUNT } from '#core/shapes.ts';
import type { LicenseTable } from '../store/schema.ts';
import type { Leased } from './concurrency.ts';
import type { RootChain } from './root-chain.ts';
import { signerOf } from './signer-of.ts';
import { renewalsOf } from './terms.ts';
import type { UsedMinutes } from './usage.ts';

/** The server as one who signs. */
export interface Issuer {
  readonly serverId: string;
  readonly key: SigningKey;
  /** Keys beside it, while one takes the place of another; read `anew` from the disk. */
  readonly otherKeys?: (options?: { anew?: boolean }) => readonly SigningKey[];
  /** What devices are told where the vendor's root was replaced. */
  readonly rootChain?: RootChain;
}

/** What will be said to a device, decided and stored; the signature is made after the commit. */
export type Statement = { readonly certificate: string } & (
  | { readonly kind: 'token'; readonly claims: LicenseToken; readonly terms: readonly string[] }
  | { readonly kind: 'denial'; readonly claims: LicenseDenial; readonly terms: readonly [] }
  | { readonly kind: 'lease'; readonly claims: ConcurrencyLease; readonly terms: readonly [] }
);

/** To whom and about which license. */
export interface StatementSubject {
  readonly request: LicenseRequest;
  readonly jkt: string;
  readonly cid: string;
  readonly iat: EpochSeconds;
}

export interface TokenFacts {
  readonly used?: UsedMinutes;
  /** Sessions at the same time: of the PID, of the App. */
  readonly caps?: readonly (number | undefined)[];
}

/** The claims of a token for a license. `exp` and grace follow from the vendor's line. Source: protocol, Time. */
export function tokenClaims(
  { serverId }: Issuer,
  { request, jkt, cid, iat }: StatementSubject,
  license: LicenseTable,
  terms: PurchaseTerms,
  { used = { own: 0, others: 0 }, caps = [] }: TokenFacts = {},
): LicenseToken {
  const { tokenLifeSeconds, graceSeconds, expiryGraceSeconds } = tokenLimits(terms);
  const renewals = [...renewalsOf(license)];
  const known = caps.filter((cap) => cap !== undefined);
  const pcu = known.length === 0 ? undefined : Math.min(...known, MAX_COUNT);
  return {
    iss: serverId,
    cid,
    jti: newId(),
    nonce: request.jti,
    iat,
    exp: Math.min(iat + tokenLifeSeconds, license.expire_time),
    license: license.license,
    termsId: terms.termsId,
    pid: license.pid,
    appId: license.app_id,
    licenseKey: license.license_key,
    category: license.category,
    sku: terms.sku,
    ...(terms.label !== undefined && { label: terms.label }),
    minutes: { allowed: allowedMinutes(terms.sku, renewals.length), ...used },
    ...(pcu !== undefined && { pcu }),
    activationTime: license.activation_time,
    renewals,
    expireTime: license.expire_time,
    graceSeconds,
    expiryGraceSeconds,
    cnf: { jkt },
    fingerprint: bindFingerprint(request.fingerprint, license.license),
  };
}

/** The claims of a denial. */
export function denialClaims(
  { serverId }: Issuer,
  { request, jkt, cid, iat }: StatementSubject,
  code: DenialCode,
  license?: string,
): LicenseDenial {
  const { jti: nonce, appId, pid, licenseKey } = request;
  return {
    iss: serverId,
    cid,
    jti: newId(),
    nonce,
    iat,
    cnf: { jkt },
    appId,
    pid,
    licenseKey,
    ...(license !== undefined && { license }),
    code,
  };
}

/** Signs a statement: one signature, with the certificate and the vendor's lines beside it. */
export async function signStatement(issuer: Issuer, statement: Statement): Promise<Answer> {
  const key = signerOf(issuer, statement.certificate);
  const document = await signDocument(statement, key);
  const issuerCertificate = statement.certificate;
  const { kid } = issuerCertificateDocument.parse(issuerCertificate);
  const rootSuccession = (await issuer.rootChain?.leadingTo(kid)) ?? [];
  return {
    document,
    issuerCertificate,
    terms: [...statement.terms],
    ...(rootSuccession.length > 0 && { rootSuccession }),
  };
}

function signDocument(statement: Statement, key: SigningKey): Promise<string> {
  switch (statement.kind) {
    case 'token':
      return licenseTokenDocument.sign(statement.claims, key);
    case 'denial':
      return licenseDenialDocument.sign(statement.claims, key);
    case 'lease':
      return concurrencyLeaseDocument.sign(statement.claims, key);
  }
}

/** The claims of a lease of sessions. */
export function leaseClaims(
  { serverId }: Issuer,
  { request, jkt, cid, iat }: StatementSubject,
  license: string,
  { sessions, until: exp }: Leased,
): ConcurrencyLease {
  const { jti: nonce, appId, pid, licenseKey } = request;
  const subject = { appId, pid, licenseKey, license };
  return { iss: serverId, cid, jti: newId(), nonce, iat, exp, cnf: { jkt }, ...subject, sessions };
}
