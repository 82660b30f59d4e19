import { expect, test } from 'vitest';
import { type Grant, grantDocument, verifyGrant } from '#core/documents/grant.ts';
import { termsDocument } from '#core/documents/terms.ts';
import { newAppId, newId } from '#core/ids.ts';
import { generateSigningKey } from '#core/keys.ts';
import { codeOf } from '../../support/forge.ts';
import { NOW, World } from '../../support/world.ts';

const world = new World();
const { root, appId, cid, serverId, renewal } = world;
const app = { appId, vid: '975823', name: 'Classroom', preallocation: true };

async function grant(overrides: Partial<Grant> = {}): Promise<string> {
  const terms = [await world.terms(), await termsDocument.sign(renewal, root)];
  const claims = { grantId: newId(), aud: serverId, cid, name: 'School', apps: [app], terms, iat: NOW };
  return grantDocument.sign({ ...claims, ...overrides }, root);
}
const verify = (compact: string) => codeOf(() => verifyGrant(compact, [root]));

test('a grant gives its lines, each with the document that proves it, in order', async () => {
  const { grant: claims, terms } = await verifyGrant(await grant({ replaces: newId() }), [root]);
  expect(claims.apps).toEqual([app]);
  expect(terms.map((line) => line.claims.kind)).toEqual(['purchase', 'renewal']);
  expect(terms.map((line) => line.document)).toEqual(claims.terms);
});

test('a line for an App that the grant enables is fine', async () => {
  expect(await verify(await grant({ terms: [await world.terms({ appId })] }))).toBe('accepted');
});

test('a grant that contradicts itself is refused', async () => {
  const line = await world.terms();
  for (const bent of [
    { apps: [app, { ...app, vid: '1' }] },
    { cid: '999' },
    { terms: [line, line] },
    { terms: [line, await world.terms({ count: 7 })] },
    { terms: [await world.terms({ appId: newAppId() })] },
  ]) {
    expect(await verify(await grant(bent))).toBe('grant_inconsistent');
  }
});

test('a line that the vendor did not sign, or that contradicts itself, spoils the grant', async () => {
  expect(await verify(await grant({ terms: [await world.terms({}, world.serverKey)] }))).toBe(
    'issuer_untrusted',
  );
  expect(await verify(await grant({ terms: [await world.terms({ category: 'account' })] }))).toBe(
    'terms_inconsistent',
  );
  expect(await verify(await grant({ terms: [await world.certificate()] }))).toBe('document_wrong_type');
  expect(await verify(await grant({ terms: ['a.b.c'] }))).toBe('document_malformed');
});

test('another root is refused', async () => {
  expect(await codeOf(async () => verifyGrant(await grant(), [generateSigningKey()]))).toBe(
    'issuer_untrusted',
  );
});

test.each<[string, Partial<Grant>]>([
  ['no App', { apps: [] }],
  ['a vid that is no number', { apps: [{ ...app, vid: 'x' }] }],
  ['a company name of two lines', { name: 'a\nb' }],
  ['a company number with a path', { cid: '../x' }],
])('a grant with %s cannot be signed', async (_, bent) => {
  expect(await codeOf(() => grant(bent))).toBe('document_malformed');
});

test('500 lines fit into a grant', async () => {
  const terms = await Promise.all(
    Array.from({ length: 500 }, () => world.terms({ termsId: newId(), label: '课'.repeat(100), appId })),
  );
  expect(await verify(await grant({ terms }))).toBe('accepted');
});
