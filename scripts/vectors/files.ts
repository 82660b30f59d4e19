import { type Enrollment, enrollmentProof } from '#core/documents/enrollment.ts';
import {
  appId,
  cid,
  DAY,
  fingerprintKey,
  idOf,
  keys,
  licenseKey,
  NOW,
  pid,
  publishedKeys,
  request,
  secretOf,
  serverId,
} from './parties.ts';
import type { VectorCase, VectorFile } from './vector-file.ts';

const enrollment: Enrollment = {
  version: 1,
  serverUrls: ['https://license.example:8443', 'http://10.0.0.1/base'],
  caCertificate: '',
  serverId,
  cid,
  rootThumbprint: keys.root.thumbprint,
  appId,
  pid,
  category: 'device',
  fingerprintKey,
  enrollment: { id: idOf('enrollment'), secret: secretOf('enrollment secret'), expiresAt: NOW + 365 * DAY },
};

export function enrollmentVectors(): VectorFile {
  const read = (name: string, changes: object): VectorCase => ({
    name,
    text: JSON.stringify({ ...enrollment, ...changes }),
    pinned: 'root',
    valid: true,
    enrollment: { ...enrollment, ...changes },
  });
  const bad = (name: string, text: string): VectorCase => ({
    name,
    text,
    pinned: 'root',
    valid: false,
    code: 'enrollment_malformed',
  });
  const bent = (name: string, changes: object) => bad(name, JSON.stringify({ ...enrollment, ...changes }));
  const foreign = (name: string, pinned: string, rootThumbprint: string): VectorCase => ({
    name,
    text: JSON.stringify({ ...enrollment, rootThumbprint }),
    pinned,
    valid: false,
    code: 'enrollment_other_root',
  });
  return {
    description: 'Enrollment files: the text of one, and the vendor root that the device pins.',
    keys: publishedKeys('root', 'spare', 'stranger'),
    cases: [
      read('an enrollment', {}),
      read('an account enrollment with a member of a later version', { category: 'account', later: true }),
      foreign('names another root than the pinned one', 'root', keys.stranger.thumbprint),
      foreign('names the spare root', 'root', keys.spare.thumbprint),
      foreign('read by a device that pins another root', 'stranger', keys.root.thumbprint),
      bad('empty', ''),
      bad('HTML', '<html><body>Login</body></html>'),
      bad('cut', JSON.stringify(enrollment).slice(0, -20)),
      bad('a list', JSON.stringify([enrollment])),
      bent('of another version', { version: 2 }),
      bent('without server URL', { serverUrls: [] }),
      bent('URL of another scheme', { serverUrls: ['file:///etc/passwd'] }),
      bent('URL of two lines', { serverUrls: ['https://a\nb'] }),
      bent('without secret', { enrollment: { id: idOf('enrollment'), expiresAt: NOW } }),
      bent('short secret', { enrollment: { ...enrollment.enrollment, secret: 'secret' } }),
      bent('PID in lower case', { pid: pid.toLowerCase() }),
    ],
  };
}

export function enrollmentProofVectors(): VectorFile {
  const secret = enrollment.enrollment.secret;
  const proof = (name: string, jkt: string, jti: string, key: string, of = secret): VectorCase => ({
    name,
    secret: of,
    jkt,
    jti,
    licenseKey: key,
    valid: true,
    hmac: enrollmentProof(of, jkt, jti, key),
  });
  const { thumbprint: jkt } = keys.device;
  return {
    description:
      'Enrollment proof: HMAC-SHA256 in base64url; key = the 32 bytes of `secret` (base64url); text = jkt, jti, licenseKey in UTF-8, each after its length in bytes as 4 bytes big-endian.',
    cases: [
      proof('a first activation', jkt, request.jti, licenseKey),
      proof('a LicenseKey that is not ASCII', jkt, request.jti, '课堂-😀'),
      proof('the longest LicenseKey', jkt, request.jti, 'x'.repeat(128)),
      proof('another secret', jkt, request.jti, licenseKey, secretOf('another secret')),
      proof('another device key', keys.stranger.thumbprint, request.jti, licenseKey),
      proof('parts are told apart by their lengths (1)', 'ab', 'c', 'd'),
      proof('parts are told apart by their lengths (2)', 'a', 'bc', 'd'),
      proof('empty parts', '', '', ''),
    ],
  };
}

export function vendorRootsVectors(): VectorFile {
  const roots = { version: 1, vendor: 'Example Vendor', root: keys.root.jwk, spare: keys.spare.jwk };
  const thumbprints = { vendor: 'Example Vendor', root: keys.root.thumbprint, spare: keys.spare.thumbprint };
  const read = (name: string, changes: object): VectorCase => ({
    name,
    text: JSON.stringify({ ...roots, ...changes }),
    valid: true,
    ...thumbprints,
  });
  const bad = (name: string, text: string): VectorCase => ({
    name,
    text,
    valid: false,
    code: 'vendor_roots_malformed',
  });
  const bent = (name: string, changes: object) => bad(name, JSON.stringify({ ...roots, ...changes }));
  const { x } = keys.root.jwk;
  return {
    description: 'Vendor roots files: the text of one, and the RFC 7638 thumbprints of its keys.',
    source: 'RFC 8037, RFC 7638',
    cases: [
      read('a roots file', {}),
      read('other members of a JWK do not count', {
        root: { ...keys.root.jwk, kid: 'root', use: 'sig', alg: 'none' },
      }),
      read('members of a later version do not count', { later: true }),
      bad('empty', ''),
      bad('no JSON', 'roots'),
      bad('cut', JSON.stringify(roots).slice(0, -5)),
      bent('of another version', { version: 2 }),
      bent('without spare', { spare: undefined }),
      bent('x in another spelling', { root: { ...keys.root.jwk, x: `${'A'.repeat(42)}B` } }),
      bent('x padded', { root: { ...keys.root.jwk, x: `${x}=` } }),
      bent('x too short', { root: { ...keys.root.jwk, x: x.slice(0, 42) } }),
      bent('another curve', { root: { ...keys.root.jwk, crv: 'X25519' } }),
      bent('another kind of key', { root: { ...keys.root.jwk, kty: 'EC' } }),
      bent('a symmetric key', { root: { kty: 'oct', k: x } }),
    ],
  };
}
