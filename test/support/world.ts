import { addValidity } from '#core/calendar.ts';
import { type Category, derivePid, deriveRenewId, type Sku, type Validity } from '#core/catalog.ts';
import { bindFingerprint, type Fingerprint } from '#core/device/fingerprint.ts';
import type { Answer, AnswerSubject } from '#core/documents/answer.ts';
import type { ConcurrencyLease } from '#core/documents/concurrency-lease.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { type Grant, grantDocument } from '#core/documents/grant.ts';
import { type IssuerCertificate, issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import {
  type DenialCode,
  type LicenseDenial,
  licenseDenialDocument,
} from '#core/documents/license-denial.ts';
import { type LicenseRequest, licenseRequestDocument } from '#core/documents/license-request.ts';
import { allowedMinutes, type LicenseToken, licenseTokenDocument } from '#core/documents/license-token.ts';
import { type PurchaseTerms, type RenewalTerms, type Terms, termsDocument } from '#core/documents/terms.ts';
import { type PinnedRoots, parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { newAppId, newId, newSecret } from '#core/ids.ts';
import { generateSigningKey, type SigningKey } from '#core/keys.ts';

const DAY = 86_400;

/** 2026-03-01T00:00:00Z: where the tests' time starts. */
export const NOW = 1_772_323_200;

export const VIDEO_SKU: Sku = {
  product: 1,
  mediaType: 3,
  minutes: 0,
  period: '00:00~23:59',
  zone: 'Asia/Shanghai',
};
export const ONE_YEAR: Validity = { unit: 'year', count: 1 };

/**
 * A vendor, its certified server and one device, all with real keys and real signatures. Anything it signs can
 * be bent by overrides, so that a test shows what a dishonest or broken party would send.
 */
export class World {
  readonly root: SigningKey;
  readonly spare: SigningKey;
  readonly serverKey: SigningKey;
  readonly deviceKey: SigningKey = generateSigningKey();
  readonly serverId: string;
  readonly cid: string;
  readonly appId: string;
  /** Where this world's time starts. */
  readonly now: number;
  readonly otherAppId = newAppId();
  readonly licenseKey = 'SN-0001';
  readonly fingerprintKey = newSecret();
  readonly purchase: PurchaseTerms;
  readonly renewal: RenewalTerms;
  readonly fingerprint: Fingerprint = {};

  constructor({
    sku = VIDEO_SKU,
    validity = ONE_YEAR,
    category = 'device' as Category,
    serverId = newId(),
    serverKey = generateSigningKey(),
    root = generateSigningKey(),
    spare = generateSigningKey(),
    cid = '717241',
    appId = newAppId(),
    now = NOW,
  } = {}) {
    this.cid = cid;
    this.appId = appId;
    this.now = now;
    this.serverId = serverId;
    this.serverKey = serverKey;
    this.root = root;
    this.spare = spare;
    const pid = derivePid(sku, validity, category);
    this.purchase = {
      kind: 'purchase',
      termsId: newId(),
      cid: this.cid,
      pid,
      validity,
      count: 100,
      iat: this.now - DAY,
      sku,
      category,
      tokenLifeSeconds: 90 * DAY,
      graceSeconds: 14 * DAY,
      expiryGraceSeconds: 0,
      transfersPerYear: 1,
    };
    this.renewal = {
      kind: 'renewal',
      termsId: newId(),
      cid: this.cid,
      pid,
      validity,
      count: 20,
      iat: this.now - DAY,
      renewId: deriveRenewId(pid, validity),
    };
  }

  /** The roots file that a device maker and the server's operator install. */
  get rootsFile(): string {
    const { root, spare } = this;
    return JSON.stringify({ version: 1, vendor: 'Test Vendor', root: root.jwk, spare: spare.jwk });
  }

  /** The same, as whoever reads that file knows them. */
  get roots(): PinnedRoots {
    return parseVendorRoots(this.rootsFile, 'vendor-roots.json');
  }

  get subject(): AnswerSubject {
    const { serverId, cid, appId, licenseKey } = this;
    return { serverId, cid, appId, pid: this.purchase.pid, licenseKey, jkt: this.deviceKey.thumbprint };
  }

  enrollment(overrides: Partial<Enrollment> = {}): Enrollment {
    return {
      version: 1,
      serverUrls: ['http://127.0.0.1:1'],
      caCertificate: '',
      serverId: this.serverId,
      cid: this.cid,
      rootThumbprint: this.root.thumbprint,
      appId: this.appId,
      pid: this.purchase.pid,
      category: this.purchase.category,
      fingerprintKey: this.fingerprintKey,
      enrollment: { id: newId(), secret: newSecret(), expiresAt: this.now + 365 * DAY },
      ...overrides,
    };
  }

  request(overrides: Partial<LicenseRequest> = {}, key: SigningKey = this.deviceKey): Promise<string> {
    const claims: LicenseRequest = {
      jti: newId(),
      aud: this.serverId,
      iat: this.now,
      purpose: 'activate',
      automatic: true,
      appId: this.appId,
      pid: this.purchase.pid,
      licenseKey: this.licenseKey,
      jwk: key.jwk,
      fingerprint: this.fingerprint,
      counter: 1,
      agentVersion: '0.1.0',
      bootId: 'boot-1',
      ...overrides,
    };
    return licenseRequestDocument.sign(claims, key);
  }

  certificate(overrides: Partial<IssuerCertificate> = {}, key: SigningKey = this.root): Promise<string> {
    const claims: IssuerCertificate = {
      sub: this.serverId,
      cid: this.cid,
      cnf: { jwk: this.serverKey.jwk },
      serial: 1,
      iat: this.now - DAY,
      nbf: this.now - DAY,
      exp: this.now + 3 * 365 * DAY,
      ...overrides,
    };
    return issuerCertificateDocument.sign(claims, key);
  }

  tokenClaims(overrides: Partial<LicenseToken> = {}): LicenseToken {
    const { purchase } = this;
    const license = overrides.license ?? newId();
    const iat = overrides.iat ?? this.now;
    const activationTime = overrides.activationTime ?? iat;
    const expireTime = addValidity(activationTime, purchase.validity);
    return {
      iss: this.serverId,
      cid: this.cid,
      jti: newId(),
      nonce: newId(),
      iat,
      exp: Math.min(iat + purchase.tokenLifeSeconds, expireTime),
      license,
      termsId: purchase.termsId,
      pid: purchase.pid,
      appId: this.appId,
      licenseKey: this.licenseKey,
      category: purchase.category,
      sku: purchase.sku,
      minutes: { allowed: allowedMinutes(purchase.sku, 0), own: 0, others: 0 },
      activationTime,
      renewals: [],
      expireTime,
      graceSeconds: purchase.graceSeconds,
      expiryGraceSeconds: purchase.expiryGraceSeconds,
      cnf: { jkt: this.deviceKey.thumbprint },
      fingerprint: bindFingerprint(this.fingerprint, license),
      ...overrides,
    };
  }

  denialClaims(code: DenialCode, overrides: Partial<LicenseDenial> = {}): LicenseDenial {
    const { serverId, cid, appId, licenseKey, deviceKey } = this;
    return {
      iss: serverId,
      cid,
      jti: newId(),
      nonce: newId(),
      iat: this.now,
      cnf: { jkt: deviceKey.thumbprint },
      appId,
      pid: this.purchase.pid,
      licenseKey,
      code,
      ...overrides,
    };
  }

  leaseClaims(overrides: Partial<ConcurrencyLease> = {}): ConcurrencyLease {
    const { serverId, cid, appId, licenseKey, deviceKey } = this;
    return {
      ...{ iss: serverId, cid, jti: newId(), nonce: newId(), iat: this.now, exp: this.now + 600 },
      cnf: { jkt: deviceKey.thumbprint },
      ...{ appId, pid: this.purchase.pid, licenseKey, license: newId(), sessions: 2 },
      ...overrides,
    };
  }

  terms(overrides: Partial<PurchaseTerms> = {}, key: SigningKey = this.root): Promise<string> {
    return termsDocument.sign({ ...this.purchase, ...overrides }, key);
  }

  /** A grant for the server: the purchase line and the renewal line, for both Apps. */
  async grant(
    overrides: Partial<Grant> = {},
    lines?: readonly Terms[],
    key: SigningKey = this.root,
  ): Promise<string> {
    const terms = await Promise.all(
      (lines ?? [this.purchase, this.renewal]).map((line) => termsDocument.sign(line, key)),
    );
    const app = (appId: string, index: number) => ({
      appId,
      vid: `97582${index}`,
      name: `App ${index}`,
      preallocation: true,
    });
    const claims: Grant = {
      grantId: newId(),
      aud: this.serverId,
      cid: this.cid,
      name: 'Test School',
      apps: [this.appId, this.otherAppId].map(app),
      terms,
      iat: this.now - DAY,
      ...overrides,
    };
    return grantDocument.sign(claims, key);
  }

  /** An honest answer with a token; each part can be replaced. */
  async tokenAnswer(overrides: Partial<LicenseToken> = {}, parts: Partial<Answer> = {}): Promise<Answer> {
    return {
      document: await licenseTokenDocument.sign(this.tokenClaims(overrides), this.serverKey),
      issuerCertificate: await this.certificate(),
      terms: [await this.terms()],
      ...parts,
    };
  }

  async denialAnswer(
    code: DenialCode,
    overrides: Partial<LicenseDenial> = {},
    parts: Partial<Answer> = {},
  ): Promise<Answer> {
    return {
      document: await licenseDenialDocument.sign(this.denialClaims(code, overrides), this.serverKey),
      issuerCertificate: await this.certificate(),
      terms: [],
      ...parts,
    };
  }
}
