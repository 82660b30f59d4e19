import { expect, test } from 'vitest';
import { verifyAnswer, verifyNewAnswer } from '#core/documents/answer.ts';
import { parseEnrollment } from '#core/documents/enrollment.ts';
import { grantDocument } from '#core/documents/grant.ts';
import { verifyIssuerCertificate } from '#core/documents/issuer-certificate.ts';
import {
  adoptSuccession,
  type KnownRoots,
  MAX_SUCCESSIONS,
  rootSuccessionDocument,
  type SignedSuccession,
} from '#core/documents/root-succession.ts';
import { verifyTerms } from '#core/documents/terms.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { codeOf } from '../../support/forge.ts';
import { newPair, replaceRoot, signedBy, successionClaims } from '../../support/succession.ts';
import { NOW, World } from '../../support/world.ts';

const world = new World();
const thumbprints = ({ all }: KnownRoots) => all.map(({ thumbprint }) => thumbprint);

test('a device follows every succession since it was made, in one go or one by one', async () => {
  const { pairs, chain } = await replaceRoot(world, MAX_SUCCESSIONS);
  const expected = pairs.map(({ root }) => root.thumbprint).toReversed();
  const once = await adoptSuccession(world.roots, chain);
  expect(thumbprints(once)).toEqual(expected);
  expect(once.rootSuccession).toEqual(chain);
  let known: KnownRoots = world.roots;
  for (let length = 1; length <= chain.length; length += 1)
    known = await adoptSuccession(known, chain.slice(0, length));
  expect(thumbprints(known)).toEqual(expected);
  expect(known.spare.thumbprint).toBe(pairs.at(-1)?.spare.thumbprint);
});

test('a chain that is as long as known, or shorter, changes nothing', async () => {
  const { chain } = await replaceRoot(world, 3);
  const known = await adoptSuccession(world.roots, chain);
  for (const length of [0, 1, 3]) expect(await adoptSuccession(known, chain.slice(0, length))).toBe(known);
});

test('a roots file of a later version knows the earlier roots, and leads on from there', async () => {
  const { pairs, chain } = await replaceRoot(world, 2);
  const file = (version: number) => ({
    version: 1,
    vendor: 'Test Vendor',
    root: pairs[version - 1]?.root.jwk,
    spare: pairs[version - 1]?.spare.jwk,
    previous: pairs.slice(0, version - 1).map(({ root }) => root.jwk),
    rootSuccession: chain.slice(0, version - 1),
  });
  const second = parseVendorRoots(JSON.stringify(file(2)), 'roots.json');
  const third = parseVendorRoots(JSON.stringify(file(3)), 'roots.json');
  expect(thumbprints(await adoptSuccession(second, chain))).toEqual(thumbprints(third));
  for (const spoilt of [
    { ...file(2), previous: [] },
    { ...file(2), rootSuccession: undefined },
    { ...file(2), previous: [{ ...world.root.jwk, x: `${'A'.repeat(42)}B` }] },
  ])
    expect(await codeOf(() => parseVendorRoots(JSON.stringify(spoilt), 'x'))).toBe('vendor_roots_malformed');
});

test('neither key alone moves a device, nor anybody else, nor what is bent', async () => {
  const next = newPair();
  const claims = successionClaims(2, next);
  const good = await signedBy(world, claims);
  const other = await signedBy(world, successionClaims(2, newPair()));
  const stranger = await signedBy(newPair(), claims);
  const attempts: Record<string, SignedSuccession> = {
    'the root alone': { root: good.root, spare: await rootSuccessionDocument.sign(claims, world.root) },
    'the spare alone': { root: await rootSuccessionDocument.sign(claims, world.spare), spare: good.spare },
    'halves exchanged': { root: good.spare, spare: good.root },
    'a stranger beside the root': { root: good.root, spare: stranger.spare },
    'a stranger beside the spare': { root: stranger.root, spare: good.spare },
    'halves that name different keys': { root: good.root, spare: other.spare },
    'another version': await signedBy(world, successionClaims(3, next)),
    'the root again': await signedBy(world, successionClaims(2, { ...next, root: world.root })),
    'the spare as root': await signedBy(world, successionClaims(2, { ...next, root: world.spare })),
    'one key twice': await signedBy(world, successionClaims(2, { root: next.root, spare: next.root })),
    'a key in another spelling': await signedBy(world, {
      ...claims,
      root: { ...next.root.jwk, x: `${'A'.repeat(42)}B` },
    }),
    'cut short': { ...good, root: good.root.slice(0, -4) },
  };
  for (const [name, link] of Object.entries(attempts))
    expect([name, await codeOf(() => adoptSuccession(world.roots, [link]))]).toEqual([
      name,
      'root_succession_invalid',
    ]);
});

test('a link of the middle cannot be left out, nor put in the place of another', async () => {
  const { chain } = await replaceRoot(world, 3);
  const [first, second, third] = chain as [SignedSuccession, SignedSuccession, SignedSuccession];
  for (const bent of [[second], [first, third], [second, first, third], [first, first, second]])
    expect(await codeOf(() => adoptSuccession(world.roots, bent))).toBe('root_succession_invalid');
});

test('an answer under a root that was replaced is refused when it is new, and stays good when it is held', async () => {
  const { chain } = await replaceRoot(world, 1);
  const known = await adoptSuccession(world.roots, chain);
  const answer = await world.tokenAnswer();
  expect(await codeOf(() => verifyNewAnswer(answer, world.subject, known))).toBe('root_succeeded');
  expect((await verifyNewAnswer(answer, world.subject, world.roots)).kind).toBe('token');
  expect((await verifyAnswer(answer, world.subject, known.all)).kind).toBe('token');
});

test('an enrollment leads a device to the newest root, and never to another vendor', async () => {
  const { pairs, chain } = await replaceRoot(world, 1);
  const rootThumbprint = pairs[1]?.root.thumbprint as string;
  const text = (changes: object) => JSON.stringify(world.enrollment(changes));
  const read = (changes: object, roots: KnownRoots = world.roots) =>
    parseEnrollment(text(changes), roots, 'e.json');
  const led = await read({ rootThumbprint, rootSuccession: chain });
  expect(led.roots.root.thumbprint).toBe(rootThumbprint);
  // An enrollment file of before is still good on a device that knows more.
  expect((await read({}, led.roots)).roots).toBe(led.roots);
  expect(await codeOf(() => read({ rootThumbprint }))).toBe('enrollment_other_root');
  const foreign = await signedBy(newPair(), successionClaims(2, newPair()));
  expect(await codeOf(() => read({ rootThumbprint, rootSuccession: [foreign] }))).toBe(
    'root_succession_invalid',
  );
});

test('what a root signed after it was replaced is believed by nobody who knows', async () => {
  const { chain, pairs, newest } = await replaceRoot(world, 2, NOW);
  const followed = await adoptSuccession(world.roots, chain);
  // As a device reads it that was made with the newest roots, too.
  const file = {
    ...{ version: 1, vendor: 'v', root: newest.root.jwk, spare: newest.spare.jwk, rootSuccession: chain },
    previous: pairs.slice(0, -1).map(({ root }) => root.jwk),
  };
  const made = parseVendorRoots(JSON.stringify(file), 'roots.json');
  for (const { all } of [followed, made]) {
    for (const { root } of pairs.slice(0, -1)) {
      const terms = (iat: number) => world.terms({ iat }, root);
      const certificate = (iat: number) => world.certificate({ iat }, root);
      const grant = (iat: number) => world.grant({ iat }, undefined, root);
      expect((await verifyTerms(await terms(NOW), all)).iat).toBe(NOW);
      expect((await verifyIssuerCertificate(await certificate(NOW), all, NOW)).iat).toBe(NOW);
      expect(await codeOf(async () => verifyTerms(await terms(NOW + 1), all))).toBe('root_succeeded');
      expect(await codeOf(async () => verifyIssuerCertificate(await certificate(NOW + 1), all, NOW))).toBe(
        'root_succeeded',
      );
      expect(await codeOf(async () => grantDocument.verify(await grant(NOW + 1), all))).toBe(
        'root_succeeded',
      );
    }
    expect((await verifyTerms(await world.terms({ iat: NOW + 1 }, newest.root), all)).iat).toBe(NOW + 1);
  }
});

test('a root of any earlier version does not come back, and versions have an end', async () => {
  const { chain, pairs, newest } = await replaceRoot(world, 2);
  const { root } = pairs[0] as typeof newest;
  const back = await signedBy(newest, successionClaims(4, { ...newPair(), root }));
  expect(await codeOf(() => adoptSuccession(world.roots, [...chain, back]))).toBe('root_succession_invalid');
  const { chain: long, newest: last } = await replaceRoot(world, MAX_SUCCESSIONS);
  const known = await adoptSuccession(world.roots, long);
  for (const version of [1, MAX_SUCCESSIONS + 2])
    expect(await codeOf(() => signedBy(last, successionClaims(version, newPair())))).toBe(
      'document_malformed',
    );
  const one = await world.tokenAnswer();
  const tooMany = { ...one, rootSuccession: [...long, long[0]] };
  expect(await codeOf(() => verifyAnswer(tooMany, world.subject, known.all))).toBe('document_malformed');
});
