import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Answer, verifyAnswer } from '#core/documents/answer.ts';
import { Application } from '#core/documents/application.ts';
import { parseEnrollment } from '#core/documents/enrollment.ts';
import { DENIAL_CODES, type LicenseDenial, licenseDenialDocument } from '#core/documents/license-denial.ts';
import { LicenseRequest, parseLicenseRequest } from '#core/documents/license-request.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { typeOf } from '#core/documents/signed-document.ts';
import { Terms, termsDocument } from '#core/documents/terms.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { isLicenseKey } from '#core/ids.ts';
import { parseShape } from '#core/shapes.ts';
import { DOCUMENT_CODES, documentKinds } from '../support/document-kinds.ts';
import { base64url, codeOf, forge } from '../support/forge.ts';
import { World } from '../support/world.ts';

const world = new World();
const { root, serverKey, deviceKey, subject } = world;
const kinds = await documentKinds(world);
/** By which an answer may be refused that was put together from real documents and garbage. */
const ANSWER_CODES = [...DOCUMENT_CODES, 'issuer_mismatch', 'answer_for_another_license', 'terms_missing'];

const id = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase());
const appId = id.map((text) => text.toLowerCase());
const epoch = fc.integer({ min: 0, max: 253_402_300_799 });
const sha256 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(base64url);
const licenseKey = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(isLicenseKey);

const denial: fc.Arbitrary<LicenseDenial> = fc.record(
  {
    iss: id,
    cid: fc.stringMatching(/^[0-9A-Za-z_-]{1,32}$/),
    jti: id,
    nonce: id,
    iat: epoch,
    cnf: fc.record({ jkt: sha256 }),
    appId,
    pid: id,
    licenseKey,
    license: id,
    code: fc.constantFrom(...DENIAL_CODES),
  },
  { requiredKeys: ['iss', 'cid', 'jti', 'nonce', 'iat', 'cnf', 'appId', 'pid', 'licenseKey', 'code'] },
);

test('whatever valid claims are signed, the same claims are verified', async () => {
  await fc.assert(
    fc.asyncProperty(
      denial,
      fc.dictionary(fc.stringMatching(/^x[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 2 })),
      async (claims, unknown) => {
        const all = { ...unknown, ...claims };
        fc.pre(JSON.stringify(all).length < 1300);
        const compact = await licenseDenialDocument.sign(all, serverKey);
        expect(await licenseDenialDocument.verify(compact, [serverKey])).toEqual(
          JSON.parse(JSON.stringify(all)),
        );
      },
    ),
    { numRuns: 200 },
  );
});

const tokenChanges = fc.record(
  {
    license: id,
    licenseKey,
    iat: epoch,
    exp: epoch,
    activationTime: epoch,
    expireTime: epoch,
    label: fc.stringMatching(/^[\p{L}\p{N} ]{1,60}$/u),
  },
  { requiredKeys: [] },
);

test('tokens and terms say the same after their signature was checked', async () => {
  await fc.assert(
    fc.asyncProperty(tokenChanges, fc.integer({ min: 1, max: 100_000_000 }), async (changes, count) => {
      const claims = { ...world.tokenClaims(), ...changes };
      const compact = await licenseTokenDocument.sign(claims, serverKey);
      expect(await licenseTokenDocument.verify(compact, [serverKey])).toEqual(claims);
      const line = { ...world.purchase, count };
      expect(await termsDocument.verify(await termsDocument.sign(line, root), [root])).toEqual(line);
    }),
    { numRuns: 100 },
  );
});

/** Bytes set, inserted, removed or repeated anywhere in a document. */
const mutation = fc.array(
  fc.record({
    kind: fc.constantFrom('set', 'insert', 'remove', 'repeat', 'cut', 'swapParts'),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('.=-_+/ \n"AQgw'))),
    length: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 4 },
);

function mutate(
  compact: string,
  steps: readonly { kind: string; at: number; byte: number; length: number }[],
): string {
  return steps.reduce((text, { kind, at, byte, length }) => {
    const index = Math.floor(at * text.length);
    const char = String.fromCharCode(byte);
    if (kind === 'set') return text.slice(0, index) + char + text.slice(index + 1);
    if (kind === 'insert') return text.slice(0, index) + char.repeat(length % 5) + text.slice(index);
    if (kind === 'remove') return text.slice(0, index) + text.slice(index + length);
    if (kind === 'repeat') return text.slice(0, index + length) + text.slice(index);
    if (kind === 'cut') return text.slice(0, index);
    return text.split('.').toReversed().join('.');
  }, compact);
}

test('a document changed anywhere is never accepted, and refused with a code of documents', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...kinds), mutation, async ({ compact, verify }, steps) => {
      const changed = mutate(compact, steps);
      fc.pre(changed !== compact);
      expect(DOCUMENT_CODES).toContain(await codeOf(() => verify(changed)));
    }),
    { numRuns: 3000 },
  );
});

test('parts of different documents never make a third', async () => {
  const parts = (index: number) => fc.constantFrom(...kinds.map(({ compact }) => compact.split('.')[index]));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...kinds),
      parts(0),
      parts(1),
      parts(2),
      async ({ compact, verify }, ...three) => {
        const mixed = three.join('.');
        fc.pre(mixed !== compact);
        expect(DOCUMENT_CODES).toContain(await codeOf(() => verify(mixed)));
      },
    ),
    { numRuns: 500 },
  );
});

test('any claims under a good signature are accepted or refused, and nothing else happens', async () => {
  const signers = {
    'license-token+jwt': serverKey,
    'license-denial+jwt': serverKey,
    'license-application+jwt': serverKey,
    'license-request+jwt': deviceKey,
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...kinds),
      fc.jsonValue({ maxDepth: 4 }),
      fc.dictionary(fc.string(), fc.jsonValue()),
      async ({ typ, compact, verify }, value, members) => {
        const key = signers[typ as keyof typeof signers] ?? root;
        const header = { alg: 'EdDSA', typ, kid: key.thumbprint };
        const claims = JSON.parse(Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString());
        const names = Object.keys(claims);
        const replaced = {
          ...claims,
          ...members,
          [names[JSON.stringify(value).length % names.length] ?? '']: value,
        };
        for (const payload of [Buffer.from(JSON.stringify(value)), Buffer.from(JSON.stringify(replaced))]) {
          const code = await codeOf(() => verify(forge(header, payload, key)));
          expect([
            ...DOCUMENT_CODES,
            'accepted',
            'terms_inconsistent',
            'grant_inconsistent',
            'issuer_certificate_not_valid',
          ]).toContain(code);
        }
      },
    ),
    { numRuns: 500 },
  );
});

/** Any text, and any JSON text: with the names that our documents use, so that it gets further than the first check. */
const names = fc.constantFrom(
  'document',
  'issuerCertificate',
  'terms',
  'version',
  'root',
  'spare',
  'kty',
  'crv',
  'x',
  'jwk',
  'usage',
  'alg',
  'typ',
  'kid',
  '__proto__',
  'constructor',
  'length',
  'toString',
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.jsonValue(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(names, fc.string()), tie('value'), { maxKeys: 6 }),
    fc.constantFrom(...kinds.map(({ compact }) => compact)),
  ),
})).value;

test('no garbage makes a parser throw anything but its own error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        json.map((value) => JSON.stringify(value)),
      ),
      async (text) => {
        expect(await codeOf(() => parseEnrollment(text, world.roots, 'x'))).toBe('enrollment_malformed');
        expect(await codeOf(() => parseVendorRoots(text, 'x'))).toBe('vendor_roots_malformed');
        expect(DOCUMENT_CODES).toContain(await codeOf(() => parseLicenseRequest(text)));
        await codeOf(() => typeOf(text));
        for (const { verify } of kinds) expect(DOCUMENT_CODES).toContain(await codeOf(() => verify(text)));
      },
    ),
    { numRuns: 500 },
  );
});

test('no value makes a shape throw anything but the error it was told to', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(json, fc.anything()), async (value) => {
      for (const schema of [Answer, Terms, LicenseRequest, Application]) {
        const code = await codeOf(() => parseShape(schema, value, 'document_malformed', 'x'));
        expect(['document_malformed', 'accepted']).toContain(code);
      }
      expect(ANSWER_CODES).toContain(await codeOf(() => verifyAnswer(value, subject, [root])));
    }),
    { numRuns: 500 },
  );
});

test('garbage anywhere in an answer is refused as garbage', async () => {
  const answer = await world.tokenAnswer();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('document', 'issuerCertificate', 'terms'),
      fc.oneof(json, fc.string()),
      async (member, value) => {
        fc.pre(!kinds.some(({ compact }) => compact === value));
        const bent = { ...answer, [member]: member === 'terms' ? [value] : value };
        const code = await codeOf(() => verifyAnswer(bent, subject, [root]));
        expect(ANSWER_CODES).toContain(code);
      },
    ),
    { numRuns: 500 },
  );
});
