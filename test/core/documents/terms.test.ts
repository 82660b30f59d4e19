import { expect, test } from 'vitest';
import { deriveRenewId } from '#core/catalog.ts';
import {
  type PurchaseTerms,
  type RenewalTerms,
  termsDocument,
  tokenLimits,
  verifyTerms,
} from '#core/documents/terms.ts';
import { newId } from '#core/ids.ts';
import { codeOf } from '../../support/forge.ts';
import { VIDEO_SKU, World } from '../../support/world.ts';

const DAY = 86_400;
const world = new World();
const { root, renewal, purchase } = world;

test('purchase and renewal lines say what the vendor signed', async () => {
  expect(await verifyTerms(await world.terms({ label: 'Classroom', pcu: 5 }), [root])).toEqual({
    ...purchase,
    label: 'Classroom',
    pcu: 5,
  });
  expect(await verifyTerms(await termsDocument.sign(renewal, root), [root])).toEqual(renewal);
});

test.each<[string, Partial<PurchaseTerms>]>([
  ['sku', { sku: { ...VIDEO_SKU, minutes: 1 } }],
  ['zone', { sku: { ...VIDEO_SKU, zone: 'UTC' } }],
  ['category', { category: 'account' }],
  ['validity', { validity: { unit: 'year', count: 2 } }],
  ['pid', { pid: newId() }],
])('a purchase line with another %s than its PID says is refused', async (_, line) => {
  expect(await codeOf(async () => verifyTerms(await world.terms(line), [root]))).toBe('terms_inconsistent');
});

test.each<[string, Partial<RenewalTerms>]>([
  ['pid', { pid: newId() }],
  ['validity', { validity: { unit: 'month', count: 3 } }],
  ['renewId', { renewId: deriveRenewId(newId(), renewal.validity) }],
])('a renewal line with another %s than its renewId says is refused', async (_, line) => {
  const compact = await termsDocument.sign({ ...renewal, ...line }, root);
  expect(await codeOf(() => verifyTerms(compact, [root]))).toBe('terms_inconsistent');
});

test.each<[string, object]>([
  ['no kind', { kind: undefined }],
  ['another kind', { kind: 'gift' }],
  ['a renewal without renewId', { kind: 'renewal' }],
  ['count 0', { count: 0 }],
  ['a count too large', { count: 100_000_001 }],
  ['a trial of 2 months', { validity: { unit: 'month', count: 2 } }],
  ['a negative grace', { graceSeconds: -1 }],
  ['token life 0', { tokenLifeSeconds: 0 }],
  ['a PID in lower case', { pid: purchase.pid.toLowerCase() }],
  ['an App ID in upper case', { appId: world.appId.toUpperCase() }],
  ['a label of two lines', { label: 'a\nb' }],
])('a line with %s cannot be signed', async (_, line) => {
  expect(await codeOf(() => world.terms(line))).toBe('document_malformed');
});

test('account lines are bounded to a week and a day, device lines are not', () => {
  const long = { ...purchase, tokenLifeSeconds: 90 * DAY, graceSeconds: 14 * DAY, expiryGraceSeconds: 3 };
  expect(tokenLimits(long)).toEqual({
    tokenLifeSeconds: 90 * DAY,
    graceSeconds: 14 * DAY,
    expiryGraceSeconds: 3,
  });
  expect(tokenLimits({ ...long, category: 'account' })).toEqual({
    tokenLifeSeconds: 7 * DAY,
    graceSeconds: DAY,
    expiryGraceSeconds: 3,
  });
  expect(tokenLimits({ ...long, category: 'account', tokenLifeSeconds: 60, graceSeconds: 0 })).toMatchObject({
    tokenLifeSeconds: 60,
    graceSeconds: 0,
  });
});
