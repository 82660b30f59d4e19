import { concurrencyLeaseDocument } from '#core/documents/concurrency-lease.ts';
import { licenseCertDocument } from '#core/documents/license-cert.ts';
import { licenseDenialDocument } from '#core/documents/license-denial.ts';
import { licenseRequestDocument } from '#core/documents/license-request.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { kindFile } from './kind-file.ts';
import { cert, denial, idOf, keys, lease, NOW, renewal, request, sku, token } from './parties.ts';
import type { VectorFile } from './vector-file.ts';

export async function requestVectors(): Promise<VectorFile> {
  const meter = idOf('meter');
  const { jwk } = keys.device;
  return kindFile({
    definition: licenseRequestDocument,
    signer: 'device',
    otherKid: 'document_malformed',
    description:
      'License requests: signed by the device key that they carry in `jwk`, whose thumbprint is the `kid`. Anyone can make one; that a device may ask is shown by its enrollment proof (enrollment-proof.json) or a known key.',
    good: [
      ['activate', { ...request, enrollment: { id: idOf('enrollment'), hmac: 'A'.repeat(43) } }],
      [
        'refresh with usage and the token that is held',
        {
          ...request,
          purpose: 'refresh',
          usage: { [meter]: 90 },
          heldToken: await licenseTokenDocument.sign(token, keys.server),
        },
      ],
      ['renew', { ...request, purpose: 'renew', automatic: false, renewId: renewal.renewId }],
      ['transfer', { ...request, purpose: 'transfer', automatic: false, toLicenseKey: 'SN-0002' }],
      ['release', { ...request, purpose: 'release', automatic: false }],
      ['lease of sessions at the same time', { ...request, purpose: 'lease', sessions: 3 }],
      ['lease that gives all back', { ...request, purpose: 'lease', sessions: 0 }],
      ['at 1970, nothing known of the machine', { ...request, iat: 0, fingerprint: {} }],
    ],
    bad: [
      ['jwk of another key than kid', { ...request, jwk: keys.stranger.jwk }],
      [
        'jwk in another spelling',
        { ...request, jwk: { ...jwk, x: jwk.x.slice(0, -1) + nextSpelling(jwk.x) } },
        'key_malformed',
      ],
      ['jwk of another curve', { ...request, jwk: { ...jwk, crv: 'X25519' } }],
      ['a lease of 10,001 sessions', { ...request, purpose: 'lease', sessions: 10_001 }],
      ['a lease of fewer than none', { ...request, purpose: 'lease', sessions: -1 }],
      ['purpose unknown', { ...request, purpose: 'steal' }],
      ['LicenseKey with a control character', { ...request, licenseKey: 'SN\u0000' }],
      ['LicenseKey of 129 bytes', { ...request, licenseKey: 'x'.repeat(129) }],
      ['usage by another name than a meter id', { ...request, usage: { meter: 1 } }],
      ['usage as text', { ...request, usage: { [meter]: '1' } }],
      ['negative usage', { ...request, usage: { [meter]: -1 } }],
      ['a counter beyond exact numbers', { ...request, counter: 9_007_199_254_740_992 }],
      ['five values of one component', { ...request, fingerprint: { macs: Array(5).fill('A'.repeat(43)) } }],
      ['a component without values', { ...request, fingerprint: { macs: [] } }],
      ['no fingerprint', { ...request, fingerprint: undefined }],
      ['an agent version with U+0000', { ...request, agentVersion: '0.1.0\u0000' }],
      ['a boot id with half a character', { ...request, bootId: '\ud800' }],
    ],
  });
}

/** The last character of a 32-byte base64url text with one of its unused bits set. */
function nextSpelling(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet.charAt(alphabet.indexOf(text.slice(-1)) ^ 1);
}

export async function tokenVectors(): Promise<VectorFile> {
  const renewals = Array(16).fill({ termsId: renewal.termsId, at: NOW });
  return kindFile({
    definition: licenseTokenDocument,
    signer: 'server',
    input: { trusted: ['server'] },
    description:
      'License tokens: signature and shape under the server keys named in `trusted`. Whether the server may say so is judged with its certificate and terms: answer.json.',
    good: [
      ['a token', token],
      ['sessions at the same time are limited', { ...token, pcu: 50 }],
      ['16 renewals, nothing known of the machine', { ...token, renewals, fingerprint: {} }],
      [
        'ended long ago: time is judged by evaluate, not here',
        { ...token, iat: 0, exp: 1, activationTime: 0, expireTime: 2 },
      ],
    ],
    bad: [
      ['17 renewals', { ...token, renewals: [...renewals, renewals[0]] }],
      ['no device key', { ...token, cnf: undefined }],
      ['a device key that is no thumbprint', { ...token, cnf: { jkt: 'device' } }],
      ['negative grace', { ...token, graceSeconds: -1 }],
      ['exp as text', { ...token, exp: String(token.exp) }],
      ['a license value in lower case', { ...token, license: token.license.toLowerCase() }],
      ['LicenseKey with a space behind', { ...token, licenseKey: 'SN-0001 ' }],
      ['a limit of no sessions', { ...token, pcu: 0 }],
      ['category unknown', { ...token, category: 'room' }],
      ['media type 0', { ...token, sku: { ...sku, mediaType: 0 } }],
      ['digests of the wrong length', { ...token, fingerprint: { macs: ['A'.repeat(43)] } }],
    ],
  });
}

export async function denialVectors(): Promise<VectorFile> {
  const { license: _, ...withoutLicense } = denial;
  return kindFile({
    definition: licenseDenialDocument,
    signer: 'server',
    input: { trusted: ['server'] },
    description:
      'License denials: signature and shape under the server keys named in `trusted`. For whom they count is judged with the certificate: answer.json.',
    good: [
      ['released', denial],
      ['suspended', { ...denial, code: 'suspended' }],
      ['too many sessions at the same time', { ...denial, code: 'concurrency_exhausted' }],
      ['quota exhausted, so there is no license', { ...withoutLicense, code: 'quota_exhausted' }],
    ],
    bad: [
      ['code unknown', { ...denial, code: 'because' }],
      ['no code', { ...denial, code: undefined }],
      ['no device key', { ...denial, cnf: {} }],
      ['no nonce', { ...denial, nonce: undefined }],
    ],
  });
}

export async function leaseVectors(): Promise<VectorFile> {
  return kindFile({
    definition: concurrencyLeaseDocument,
    signer: 'server',
    input: { trusted: ['server'] },
    description:
      'Concurrency leases: how many sessions a license may run at the same time until `exp`. Signature and shape under the server keys named in `trusted`; for whom they count is judged with the certificate: answer.json.',
    good: [
      ['two sessions', lease],
      ['all given back', { ...lease, sessions: 0 }],
      ['the longest LicenseKey', { ...lease, licenseKey: '"'.repeat(128), sessions: 10_000 }],
    ],
    bad: [
      ['10,001 sessions', { ...lease, sessions: 10_001 }],
      ['fewer than none', { ...lease, sessions: -1 }],
      ['half a session', { ...lease, sessions: 0.5 }],
      ['sessions as text', { ...lease, sessions: '2' }],
      ['no end', { ...lease, exp: undefined }],
      ['no license', { ...lease, license: undefined }],
      ['no device key', { ...lease, cnf: {} }],
      ['no nonce', { ...lease, nonce: undefined }],
    ],
  });
}

export async function certVectors(): Promise<VectorFile> {
  return kindFile({
    definition: licenseCertDocument,
    signer: 'server',
    input: { trusted: ['server'] },
    description:
      'Certs for older device tools, the answer of call 14: signature and shape under the server keys named in `trusted`. The same license always gives the same bytes. An agent takes none.',
    good: [
      ['a cert', cert],
      ['renewed', { ...cert, iat: cert.iat + 60, expireTime: cert.expireTime + 365 * 86_400 }],
      ['the longest LicenseKey', { ...cert, licenseKey: '"'.repeat(128) }],
    ],
    bad: [
      ['no LicenseKey', { ...cert, licenseKey: undefined }],
      ['LicenseKey of 129 bytes', { ...cert, licenseKey: 'x'.repeat(129) }],
      ['expireTime as text', { ...cert, expireTime: String(cert.expireTime) }],
      ['a license value in lower case', { ...cert, license: cert.license.toLowerCase() }],
    ],
  });
}
