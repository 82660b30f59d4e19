import { createHmac } from 'node:crypto';
import * as Type from 'typebox';
import { expect, test } from 'vitest';
import { defineDocument, typeOf } from '#core/documents/signed-document.ts';
import { LicenseError } from '#core/errors.ts';
import { generateSigningKey, type SigningKey } from '#core/keys.ts';
import { base64url, codeOf, forge } from '../../support/forge.ts';

const note = defineDocument({
  typ: 'note+jwt',
  schema: Type.Object({ text: Type.String() }),
  maxBytes: 1024,
});
const key = generateSigningKey();
const header = { alg: 'EdDSA', typ: 'note+jwt', kid: key.thumbprint };

const verify = (compact: unknown, keys = [key]) => codeOf(() => note.verify(compact, keys));
const withHeader = (changes: Record<string, unknown>, signer: SigningKey = key) =>
  forge({ ...header, ...changes }, { text: 'hello' }, signer);

test('a document that was signed says the same when verified, unknown claims included', async () => {
  const claims = { text: 'héllo', other: { kept: [1, 2] } };
  const compact = await note.sign(claims, key);
  await expect(note.verify(compact, [generateSigningKey(), key])).resolves.toEqual(claims);
  expect(note.parse(compact)).toEqual({ claims, kid: key.thumbprint });
  expect(typeOf(compact)).toBe('note+jwt');
});

test('the forger of these tests makes what the product makes', async () => {
  expect(withHeader({})).toBe(await note.sign({ text: 'hello' }, key));
});

test.each([
  ['another key', () => withHeader({ kid: generateSigningKey().thumbprint })],
  ['another kid, though the signature is ours', () => withHeader({ kid: 'A'.repeat(43) })],
])('under %s it is not trusted', async (_, make) => {
  expect(await verify(make())).toBe('issuer_untrusted');
});

test('without any trusted key nothing is trusted', async () => {
  expect(await verify(withHeader({}), [])).toBe('issuer_untrusted');
});

test('signed by a stranger who names a trusted key it is refused', async () => {
  expect(await verify(withHeader({}, generateSigningKey()))).toBe('signature_invalid');
});

test.each(['none', 'None', 'HS256', 'ES256', 'Ed25519', 'eddsa', 'RS256', 'Ed448'])(
  'alg %s is refused, whatever the signature',
  async (alg) => {
    expect(await verify(withHeader({ alg }))).toBe('document_wrong_type');
  },
);

test('alg none with no signature is refused', async () => {
  const unsigned = `${base64url(JSON.stringify({ ...header, alg: 'none' }))}.${base64url('{"text":"x"}')}.`;
  expect(await verify(unsigned)).toBe('document_malformed');
});

test('HS256 with the public key as its secret is refused', async () => {
  const secrets = [
    Buffer.from(key.jwk.x, 'base64url'),
    Buffer.from(key.jwk.x),
    key.publicKey.export({ type: 'spki', format: 'der' }),
    Buffer.from(key.publicKey.export({ type: 'spki', format: 'pem' })),
  ];
  for (const secret of secrets) {
    for (const alg of ['HS256', 'EdDSA']) {
      const signed = `${base64url(JSON.stringify({ ...header, alg }))}.${base64url('{"text":"x"}')}`;
      const mac = createHmac('sha256', secret).update(signed).digest('base64url');
      expect(await verify(`${signed}.${mac}`)).toBe(
        alg === 'HS256' ? 'document_wrong_type' : 'signature_invalid',
      );
    }
  }
});

test.each(['JWT', 'note', 'NOTE+JWT', 'application/note+jwt', 'other+jwt'])(
  'typ %s is refused',
  async (typ) => {
    expect(await verify(withHeader({ typ }))).toBe('document_wrong_type');
  },
);

test.each<[string, Record<string, unknown>]>([
  ['crit', { crit: ['exp'], exp: 1 }],
  ['an empty crit', { crit: [] }],
  ['b64', { b64: false, crit: ['b64'] }],
  ['jwk', { jwk: key.jwk }],
  ['jku', { jku: 'https://example.com/keys' }],
  ['x5c', { x5c: [] }],
  ['x5u', { x5u: 'https://example.com/cert' }],
  ['cty', { cty: 'JWT' }],
  ['an unknown member', { zip: 'DEF' }],
  ['no typ', { typ: undefined }],
  ['no kid', { kid: undefined }],
  ['no alg', { alg: undefined }],
  ['a kid that is no thumbprint', { kid: 'root' }],
  ['a list as alg', { alg: ['EdDSA'] }],
])('a header with %s is refused', async (_, changes) => {
  expect(await verify(withHeader(changes))).toBe('document_malformed');
});

test.each(['[]', 'null', '"x"', '1', '{}', '{"text":1}'])('claims %s have not the shape', async (claims) => {
  expect(await verify(forge(header, Buffer.from(claims), key))).toBe('document_malformed');
});

test.each<[string, Uint8Array]>([
  ['not JSON', Buffer.from('text=hello')],
  ['JSON with more behind it', Buffer.from('{"text":"a"}{"text":"b"}')],
  ['not UTF-8', Buffer.from('{"text":"\u00e9"}', 'latin1')],
  [
    'an overlong UTF-8 form',
    Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
  ],
  ['UTF-8 with a byte order mark', Buffer.from('\ufeff{"text":"a"}')],
  ['UTF-16', Buffer.from('{"text":"a"}', 'utf16le')],
  ['deeply nested', Buffer.from('['.repeat(500))],
])('claims that are %s are refused, though the signature is good', async (_, claims) => {
  expect(await verify(forge(header, claims, key))).toBe('document_malformed');
});

test('deep nesting in an unknown claim exhausts nothing', async () => {
  const deep = defineDocument({ typ: 'note+jwt', schema: Type.Object({}), maxBytes: 4 * 1024 * 1024 });
  const compact = forge(header, Buffer.from(`{"x":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`), key);
  expect(await codeOf(() => deep.verify(compact, [key]))).toBe('accepted');
});

test('a claim named __proto__ changes no object', async () => {
  const claims = await note.verify(
    forge(header, Buffer.from('{"text":"a","__proto__":{"admin":true}}'), key),
    [key],
  );
  expect((claims as { admin?: boolean }).admin).toBeUndefined();
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test('the size limit holds to the byte', async () => {
  const sizes = new Set<string>();
  for (let length = 500; length < 700; length++) {
    const compact = forge(header, { text: 'a'.repeat(length) }, key);
    const code = await verify(compact);
    expect(code).toBe(compact.length <= 1024 ? 'accepted' : 'document_too_large');
    sizes.add(code);
  }
  expect(sizes.size).toBe(2);
  expect(await codeOf(() => note.sign({ text: 'a'.repeat(1024) }, key))).toBe('document_too_large');
});

test('claims without the shape are not signed', async () => {
  expect(await codeOf(() => note.sign({} as { text: string }, key))).toBe('document_malformed');
});

test('a signature of the wrong length, or with its S outside the group order, is refused', async () => {
  const compact = await note.sign({ text: 'hello' }, key);
  const [head, claims, signature = ''] = compact.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
  const malleable = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
  for (const other of [
    bytes.subarray(0, 63),
    bytes.subarray(0, 1),
    Buffer.concat([bytes, Buffer.from([0])]),
    Buffer.alloc(64),
    Buffer.concat([bytes.subarray(0, 32), malleable]),
  ]) {
    expect(await verify(`${head}.${claims}.${other.toString('base64url')}`)).toBe('signature_invalid');
  }
});

test('what a stranger wrote into the header cannot steer the terminal of who reads the message', async () => {
  for (const typ of ['\u001b[2Jnote', 'x'.repeat(65), 'a b', 'é']) {
    const thrown = await note.verify(withHeader({ typ }), [key]).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(LicenseError);
    expect((thrown as LicenseError).message).not.toContain(typ);
  }
});

test('typeOf reads the kind of a document and nothing else', async () => {
  for (const input of ['', 'a.b.c', 1, `${base64url('{}')}.e30.AAAA`, `${base64url('{"typ":1}')}.e30.AAAA`]) {
    expect(await codeOf(() => typeOf(input))).toBe('document_malformed');
  }
});
