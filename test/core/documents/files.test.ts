import { expect, test } from 'vitest';
import { applicationDocument, verifyApplication } from '#core/documents/application.ts';
import { enrollmentProof, parseEnrollment } from '#core/documents/enrollment.ts';
import { verifyIssuerCertificate } from '#core/documents/issuer-certificate.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { newId, newSecret } from '#core/ids.ts';
import { generateSigningKey } from '#core/keys.ts';
import { codeOf } from '../../support/forge.ts';
import { NOW, ONE_YEAR, VIDEO_SKU, World } from '../../support/world.ts';

const world = new World();
const { root, spare, roots, serverKey } = world;

test('an enrollment file under the pinned root is read as it is', async () => {
  const enrollment = world.enrollment({
    serverUrls: ['https://license.example:8443', 'http://10.0.0.1/base'],
  });
  expect(await parseEnrollment(JSON.stringify(enrollment), roots, 'e.json')).toEqual({ enrollment, roots });
});

test('an enrollment file that names another root, the spare included, is refused', async () => {
  for (const { thumbprint } of [generateSigningKey(), spare]) {
    const text = JSON.stringify(world.enrollment({ rootThumbprint: thumbprint }));
    expect(await codeOf(() => parseEnrollment(text, roots, 'e.json'))).toBe('enrollment_other_root');
  }
});

test.each<[string, (good: object) => string]>([
  ['empty', () => ''],
  ['HTML', () => '<html></html>'],
  ['cut', (good) => JSON.stringify(good).slice(0, -10)],
  ['a list', (good) => JSON.stringify([good])],
  ['of another version', (good) => JSON.stringify({ ...good, version: 2 })],
  ['without server', (good) => JSON.stringify({ ...good, serverUrls: [] })],
  ['with a URL of another scheme', (good) => JSON.stringify({ ...good, serverUrls: ['file:///etc/passwd'] })],
  ['with a port that is none', (good) => JSON.stringify({ ...good, serverUrls: ['https://host:99999'] })],
  ['with a URL of two lines', (good) => JSON.stringify({ ...good, serverUrls: ['https://a\nb'] })],
  [
    'with a short secret',
    (good) => JSON.stringify({ ...good, enrollment: { id: newId(), secret: 'x', expiresAt: 1 } }),
  ],
  ['with a lower-case PID', (good) => JSON.stringify({ ...good, pid: 'a'.repeat(32) })],
])('an enrollment file that is %s is refused', async (_, spoil) => {
  const text = spoil(world.enrollment());
  expect(await codeOf(() => parseEnrollment(text, roots, 'e.json'))).toBe('enrollment_malformed');
});

test('the enrollment proof depends on every part, and no part flows into the next', () => {
  const secret = newSecret();
  const proofs = [
    enrollmentProof(secret, 'ab', 'c', 'd'),
    enrollmentProof(secret, 'a', 'bc', 'd'),
    enrollmentProof(secret, 'a', 'b', 'cd'),
    enrollmentProof(secret, 'abc', '', 'd'),
    enrollmentProof(secret, 'abcd', '', ''),
    enrollmentProof(newSecret(), 'ab', 'c', 'd'),
  ];
  expect(new Set(proofs).size).toBe(proofs.length);
  expect(enrollmentProof(secret, 'ab', 'c', 'd')).toBe(proofs[0]);
});

test('vendor roots are read, and private parts in the file are not taken up', () => {
  const text = JSON.stringify({
    version: 1,
    vendor: 'V',
    root: { ...root.jwk, d: 'secret' },
    spare: spare.jwk,
  });
  const roots = parseVendorRoots(text, 'roots.json');
  expect([roots.root.thumbprint, roots.spare.thumbprint]).toEqual([root.thumbprint, spare.thumbprint]);
  expect(JSON.stringify([roots.root.jwk, roots.spare.jwk])).not.toContain('secret');
});

test.each<[string, string]>([
  ['empty', ''],
  ['no JSON', 'roots'],
  ['of another version', JSON.stringify({ version: 2, vendor: 'V', root: root.jwk, spare: spare.jwk })],
  ['without spare', JSON.stringify({ version: 1, vendor: 'V', root: root.jwk })],
  [
    'with a key in another spelling',
    JSON.stringify({
      version: 1,
      vendor: 'V',
      root: { ...root.jwk, x: `${'A'.repeat(42)}B` },
      spare: spare.jwk,
    }),
  ],
])('a roots file that is %s is refused', async (_, text) => {
  expect(await codeOf(() => parseVendorRoots(text, 'roots.json'))).toBe('vendor_roots_malformed');
});

test('a certificate is judged at the time that is asked about, both ends included', async () => {
  const compact = await world.certificate({ nbf: NOW, exp: NOW + 10 });
  const at = (time: number) => codeOf(() => verifyIssuerCertificate(compact, [root], time));
  expect([await at(NOW - 1), await at(NOW), await at(NOW + 10), await at(NOW + 11)]).toEqual([
    'issuer_certificate_not_valid',
    'accepted',
    'accepted',
    'issuer_certificate_not_valid',
  ]);
});

test('serial 0 is no serial', async () => {
  expect(await codeOf(() => world.certificate({ serial: 0 }))).toBe('document_malformed');
});

test('an application proves that its sender holds the key it wants certified', async () => {
  const claims = {
    applicationId: newId(),
    iss: world.serverId,
    iat: NOW,
    cid: world.cid,
    name: 'School',
    cnf: { jwk: serverKey.jwk },
    items: [
      {
        kind: 'purchase' as const,
        sku: VIDEO_SKU,
        validity: ONE_YEAR,
        category: 'device' as const,
        count: 1,
      },
      { kind: 'renewal' as const, pid: world.purchase.pid, validity: ONE_YEAR, count: 1 },
    ],
    apps: [{ appId: world.appId, name: 'Classroom' }],
    preallocation: false,
  };
  expect(await verifyApplication(await applicationDocument.sign(claims, serverKey))).toEqual(claims);
  const foreign = await applicationDocument.sign(claims, generateSigningKey());
  expect(await codeOf(() => verifyApplication(foreign))).toBe('issuer_untrusted');
  const spelled = { ...claims, cnf: { jwk: { ...serverKey.jwk, x: `${'A'.repeat(42)}B` } } };
  expect(
    await codeOf(async () => verifyApplication(await applicationDocument.sign(spelled, serverKey))),
  ).toBe('key_malformed');
});
