import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { expect, test } from 'vitest';
import {
  generateSigningKey,
  signingKeyFromJwk,
  signingKeyFromPem,
  signingKeyToJwk,
  signingKeyToPem,
  verificationKey,
} from '#core/keys.ts';
import { codeOf } from '../support/forge.ts';

/** RFC 8037, appendix A.1 and A.3. */
const RFC_KEY = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};
const RFC_THUMBPRINT = 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k';

test("RFC 8037's key has RFC 8037's thumbprint, public and private", () => {
  const { d: _, ...publicJwk } = RFC_KEY;
  expect(verificationKey(publicJwk).thumbprint).toBe(RFC_THUMBPRINT);
  expect(signingKeyFromJwk(RFC_KEY).thumbprint).toBe(RFC_THUMBPRINT);
});

test('thumbprints agree with jose', async () => {
  for (let i = 0; i < 20; i++) {
    const { jwk, thumbprint } = generateSigningKey();
    expect(thumbprint).toBe(await calculateJwkThumbprint(jwk));
  }
});

test('other members of a JWK change neither key nor thumbprint, and are not kept', () => {
  const { d: _, ...publicJwk } = RFC_KEY;
  const key = verificationKey({ kid: 'x', alg: 'none', use: 'enc', ...publicJwk });
  expect(key.thumbprint).toBe(RFC_THUMBPRINT);
  expect(key.jwk).toEqual(publicJwk);
  expect(JSON.stringify(verificationKey(RFC_KEY).jwk)).not.toContain(RFC_KEY.d);
});

test('a key survives its PEM and its JWK', () => {
  const key = generateSigningKey();
  expect(signingKeyFromPem(signingKeyToPem(key)).thumbprint).toBe(key.thumbprint);
  expect(signingKeyFromJwk(signingKeyToJwk(key)).thumbprint).toBe(key.thumbprint);
});

test.each<[string, unknown]>([
  ['another spelling of x', { ...RFC_KEY, x: RFC_KEY.x.replace(/o$/, 'p') }],
  ['x padded', { ...RFC_KEY, x: `${RFC_KEY.x}=` }],
  ['x in plain base64', { ...RFC_KEY, x: RFC_KEY.x.replace('_', '/') }],
  ['x too short', { ...RFC_KEY, x: RFC_KEY.x.slice(1) }],
  ['no x', { kty: 'OKP', crv: 'Ed25519' }],
  ['X25519', { ...RFC_KEY, crv: 'X25519' }],
  ['Ed448', { ...RFC_KEY, crv: 'Ed448' }],
  ['an EC key', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })],
  ['an octet key', { kty: 'oct', k: 'AAAA' }],
  ['text', 'key'],
  ['null', null],
  ['a list', [RFC_KEY]],
])('%s is no public key', async (_, jwk) => {
  expect(await codeOf(() => verificationKey(jwk))).toBe('key_malformed');
});

test('every 32 bytes may be offered as a key, and none of them crashes', () => {
  for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
    const x = Buffer.alloc(32, byte).toString('base64url');
    expect(verificationKey({ kty: 'OKP', crv: 'Ed25519', x }).jwk.x).toBe(x);
  }
});

test.each<[string, string]>([
  ['nothing', ''],
  ['garbage', 'not a key'],
  ['a cut file', signingKeyToPem(generateSigningKey()).slice(0, 60)],
  [
    'an RSA key',
    generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  ],
  [
    'an encrypted key',
    generateSigningKey()
      .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString(),
  ],
  ['a public key', generateSigningKey().publicKey.export({ type: 'spki', format: 'pem' }).toString()],
])('PEM that is %s is refused', async (_, pem) => {
  expect(await codeOf(() => signingKeyFromPem(pem))).toBe('key_malformed');
});

test('a private JWK whose x belongs to another key gets the x of its own d, or is refused', async () => {
  const forged = { ...RFC_KEY, x: generateSigningKey().jwk.x };
  const code = await codeOf(() => expect(signingKeyFromJwk(forged).jwk.x).toBe(RFC_KEY.x));
  expect(['accepted', 'key_malformed']).toContain(code);
  expect(await codeOf(() => signingKeyFromJwk({ kty: 'OKP', crv: 'Ed25519', x: RFC_KEY.x }))).toBe(
    'key_malformed',
  );
});
