import { createHash, createPrivateKey } from 'node:crypto';
import { addValidity } from '#core/calendar.ts';
import { derivePid, deriveRenewId, type Sku, type Validity } from '#core/catalog.ts';
import { bindFingerprint, digestComponents } from '#core/device/fingerprint.ts';
import type { ConcurrencyLease } from '#core/documents/concurrency-lease.ts';
import type { LicenseCert } from '#core/documents/license-cert.ts';
import type { LicenseDenial } from '#core/documents/license-denial.ts';
import type { LicenseRequest } from '#core/documents/license-request.ts';
import type { LicenseToken } from '#core/documents/license-token.ts';
import type { PurchaseTerms, RenewalTerms } from '#core/documents/terms.ts';
import { type SigningKey, signingKeyFromPem, signingKeyToJwk, signingKeyToPem } from '#core/keys.ts';

/** Fixed keys, ids and times: whoever makes the vectors again gets the same bytes. */

const sha256 = (text: string) => createHash('sha256').update(text).digest();
/** PKCS #8 of an Ed25519 key up to its 32 secret bytes (RFC 8410, section 7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key pair whose secret is the SHA-256 of `license-agent test key: NAME`. */
function testKey(name: string): SigningKey {
  const der = Buffer.concat([PKCS8_ED25519, sha256(`license-agent test key: ${name}`)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return signingKeyFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
}

/** 32 upper-case hex characters that belong to a name. */
export const idOf = (name: string) => sha256(name).toString('hex').slice(0, 32).toUpperCase();
const appIdOf = (name: string) => idOf(name).toLowerCase();
export const secretOf = (name: string) => sha256(name).toString('base64url');

export const DAY = 86_400;
/** 2026-03-01T00:00:00Z */
export const NOW = 1_772_323_200;

export const keys = {
  root: testKey('root'),
  spare: testKey('spare'),
  server: testKey('server'),
  device: testKey('device'),
  stranger: testKey('stranger'),
  root2: testKey('root2'),
  spare2: testKey('spare2'),
  root3: testKey('root3'),
  spare3: testKey('spare3'),
};
export type KeyName = keyof typeof keys;

/** Keys as a vector file publishes them, `d` included, so that another language can sign with them too. */
export function publishedKeys(...names: KeyName[]): object {
  return Object.fromEntries(
    names.map((name) => {
      const { x, d } = signingKeyToJwk(keys[name]);
      const { thumbprint: kid } = keys[name];
      return [name, { kty: 'OKP', crv: 'Ed25519', x, d, kid, pem: signingKeyToPem(keys[name]) }];
    }),
  );
}

export const serverId = idOf('server');
export const cid = '717241';
export const appId = 'a6d6dba434be4b6683fad1aba6a7f75e';
export const otherAppId = appIdOf('other app');
export const licenseKey = 'SN-0001';
export const license = '1D653F55A3B84DA9BC0615926B476016';
export const fingerprintKey = secretOf('fingerprint key');

export const sku: Sku = {
  product: 1,
  mediaType: 3,
  minutes: 0,
  period: '00:00~23:59',
  zone: 'Asia/Shanghai',
};
export const oneYear: Validity = { unit: 'year', count: 1 };
export const pid = derivePid(sku, oneYear, 'device');

export const components = {
  boardSerial: ['BOARD-0001'],
  productUuid: ['4c4c4544-0042-3510-8053-b4c04f4d3232'],
  macs: ['02:00:5e:00:53:01', '02:00:5e:00:53:02'],
  diskSerial: ['DISK-0001'],
};
export const fingerprint = digestComponents(components, fingerprintKey);

export const purchase: PurchaseTerms = {
  kind: 'purchase',
  termsId: idOf('purchase line'),
  cid,
  pid,
  validity: oneYear,
  count: 100,
  iat: NOW - 30 * DAY,
  sku,
  category: 'device',
  label: 'Classroom 课堂',
  tokenLifeSeconds: 90 * DAY,
  graceSeconds: 14 * DAY,
  expiryGraceSeconds: 0,
  transfersPerYear: 1,
};

export const renewal: RenewalTerms = {
  kind: 'renewal',
  termsId: idOf('renewal line'),
  cid,
  pid,
  validity: oneYear,
  count: 20,
  iat: NOW - 30 * DAY,
  renewId: deriveRenewId(pid, oneYear),
};

export const certificate = {
  sub: serverId,
  cid,
  cnf: { jwk: keys.server.jwk },
  serial: 1,
  iat: NOW - 30 * DAY,
  nbf: NOW - 30 * DAY,
  exp: NOW + 3 * 365 * DAY,
};

export const request: LicenseRequest = {
  jti: idOf('request'),
  aud: serverId,
  iat: NOW,
  purpose: 'activate',
  automatic: true,
  appId,
  pid,
  licenseKey,
  jwk: keys.device.jwk,
  fingerprint,
  counter: 1,
  agentVersion: '0.1.0',
  bootId: '9c0a2f1e-5b7e-4b0e-9a55-0d1f0c3a7b11',
};

export const token: LicenseToken = {
  iss: serverId,
  cid,
  jti: idOf('token'),
  nonce: request.jti,
  iat: NOW,
  exp: NOW + 90 * DAY,
  license,
  termsId: purchase.termsId,
  pid,
  appId,
  licenseKey,
  category: 'device',
  sku,
  label: 'Classroom 课堂',
  minutes: { allowed: 0, own: 0, others: 0 },
  activationTime: NOW,
  renewals: [],
  expireTime: addValidity(NOW, oneYear),
  graceSeconds: 14 * DAY,
  expiryGraceSeconds: 0,
  cnf: { jkt: keys.device.thumbprint },
  fingerprint: bindFingerprint(fingerprint, license),
};

export const denial: LicenseDenial = {
  iss: serverId,
  cid,
  jti: idOf('denial'),
  nonce: request.jti,
  iat: NOW,
  cnf: { jkt: keys.device.thumbprint },
  appId,
  pid,
  licenseKey,
  license,
  code: 'released',
};

export const lease: ConcurrencyLease = {
  iss: serverId,
  cid,
  jti: idOf('lease'),
  nonce: request.jti,
  iat: NOW,
  exp: NOW + 600,
  cnf: { jkt: keys.device.thumbprint },
  appId,
  pid,
  licenseKey,
  license,
  sessions: 2,
};

export const cert: LicenseCert = {
  iss: serverId,
  cid,
  iat: NOW,
  license,
  appId,
  pid,
  licenseKey,
  activationTime: NOW,
  expireTime: addValidity(NOW, oneYear),
};

/** For whom the answers of the vectors are made. */
export const subject = { serverId, cid, appId, pid, licenseKey, jkt: keys.device.thumbprint };
