import { expect, test } from 'vitest';
import {
  type LicenseRequest,
  parseLicenseRequest,
  verifyLicenseRequest,
} from '#core/documents/license-request.ts';
import { newId } from '#core/ids.ts';
import { generateSigningKey } from '#core/keys.ts';
import { codeOf, forge } from '../../support/forge.ts';
import { NOW, World } from '../../support/world.ts';

const world = new World();
const verify = (compact: unknown) => codeOf(() => verifyLicenseRequest(parseLicenseRequest(compact)));

test('a request names its device key and says what the device signed', async () => {
  const meter = newId();
  const compact = await world.request({ purpose: 'refresh', usage: { [meter]: 12 } });
  const parsed = parseLicenseRequest(compact);
  expect(parsed.deviceKey.thumbprint).toBe(world.deviceKey.thumbprint);
  expect(await verifyLicenseRequest(parsed)).toMatchObject({ purpose: 'refresh', usage: { [meter]: 12 } });
});

test('a request that carries another key than its kid is refused before any signature work', async () => {
  const other = generateSigningKey();
  const header = { alg: 'EdDSA', typ: 'license-request+jwt', kid: world.deviceKey.thumbprint };
  const { claims } = parseLicenseRequest(await world.request());
  const compact = forge(header, { ...claims, jwk: other.jwk }, world.deviceKey);
  expect(await codeOf(() => parseLicenseRequest(compact))).toBe('document_malformed');
});

test("a stranger cannot send a request in a device's name", async () => {
  const compact = await world.request({}, world.deviceKey);
  const { claims } = parseLicenseRequest(compact);
  const header = { alg: 'EdDSA', typ: 'license-request+jwt', kid: world.deviceKey.thumbprint };
  expect(await verify(forge(header, claims, generateSigningKey()))).toBe('signature_invalid');
});

test('a device key in another spelling is refused: one key has one thumbprint', async () => {
  const { claims } = parseLicenseRequest(await world.request());
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const x = claims.jwk.x.slice(0, -1) + last[last.indexOf(claims.jwk.x.slice(-1)) ^ 1];
  const header = { alg: 'EdDSA', typ: 'license-request+jwt', kid: world.deviceKey.thumbprint };
  expect(await verify(forge(header, { ...claims, jwk: { ...claims.jwk, x } }, world.deviceKey))).toBe(
    'key_malformed',
  );
});

test.each<[string, object]>([
  ['usage of a meter that has no id', { usage: { meter: 1 } }],
  ['usage that is text', { usage: { [newId()]: '1' } }],
  ['usage hidden behind another name', { usage: { [newId()]: 1, __proto__x: 'x' } }],
  ['negative usage', { usage: { [newId()]: -1 } }],
  ['usage without end', { usage: { [newId()]: 1e300 } }],
  ['another purpose', { purpose: 'steal' }],
  ['a LicenseKey of spaces', { licenseKey: ' ' }],
  ['a negative counter', { counter: -1 }],
  ['a counter beyond exact numbers', { counter: 2 ** 53 }],
  ['a time after the year 9999', { iat: 253_402_300_800 }],
  ['five values of one component', { fingerprint: { macs: Array(5).fill('A'.repeat(43)) } }],
  ['an empty component', { fingerprint: { macs: [] } }],
  ['a proof that is no digest', { enrollment: { id: newId(), hmac: 'x' } }],
  ['no fingerprint', { fingerprint: undefined }],
])('a request with %s is refused, though the device signed it', async (_, bent) => {
  const { claims } = parseLicenseRequest(await world.request());
  const header = { alg: 'EdDSA', typ: 'license-request+jwt', kid: world.deviceKey.thumbprint };
  expect(await verify(forge(header, { ...claims, ...bent }, world.deviceKey))).toBe('document_malformed');
});

test('the largest honest request fits: held token, all digests, long names', async () => {
  const values = Array(4).fill('A'.repeat(43));
  const usage = Object.fromEntries(Array.from({ length: 50 }, () => [newId(), 1e9]));
  const largest: Partial<LicenseRequest> = {
    heldToken: 'x'.repeat(4096),
    licenseKey: '课'.repeat(42),
    toLicenseKey: '课'.repeat(42),
    renewId: newId(),
    enrollment: { id: newId(), hmac: 'A'.repeat(43) },
    usage,
    iat: NOW,
    fingerprint: {
      boardSerial: values,
      productUuid: values,
      socSerial: values,
      macs: values,
      diskSerial: values,
      tpmKey: values,
    },
  };
  expect(await verify(await world.request(largest))).toBe('accepted');
});
