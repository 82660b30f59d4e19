import { describe, expect, test } from 'vitest';
import { addValidity } from '#core/calendar.ts';
import { derivePid, deriveRenewId } from '#core/catalog.ts';
import { verifyAnswer } from '#core/documents/answer.ts';
import { type LicenseToken, licenseTokenDocument, MAX_RENEWALS } from '#core/documents/license-token.ts';
import { type PurchaseTerms, type RenewalTerms, termsDocument } from '#core/documents/terms.ts';
import { newAppId, newId } from '#core/ids.ts';
import { generateSigningKey } from '#core/keys.ts';
import { codeOf } from '../../support/forge.ts';
import { NOW, ONE_YEAR, VIDEO_SKU, World } from '../../support/world.ts';

const DAY = 86_400;
const world = new World();
const { root, spare, serverKey, subject, purchase } = world;
const verify = (answer: unknown, roots = [root], who = subject) =>
  codeOf(() => verifyAnswer(answer, who, roots));

describe('an honest answer', () => {
  test('with a token gives token, terms and serial', async () => {
    const answer = await world.tokenAnswer({}, { issuerCertificate: await world.certificate({ serial: 7 }) });
    const verified = await verifyAnswer(answer, subject, [root]);
    expect(verified).toMatchObject({ kind: 'token', serial: 7, terms: { termsId: purchase.termsId } });
  });

  test('with a denial gives denial and serial', async () => {
    const verified = await verifyAnswer(await world.denialAnswer('quota_exhausted'), subject, [root]);
    expect(verified).toMatchObject({ kind: 'denial', serial: 1, denial: { code: 'quota_exhausted' } });
  });

  test('may carry members of a later version, and lines that the token does not name', async () => {
    const answer = await world.tokenAnswer(
      {},
      { terms: [await world.terms({ termsId: newId() }), await world.terms()] },
    );
    expect(await verify({ ...answer, later: 'member' })).toBe('accepted');
  });
});

describe('trust', () => {
  test('another vendor root is refused, and so is the spare alone', async () => {
    const answer = await world.tokenAnswer();
    expect(await verify(answer, [generateSigningKey()])).toBe('issuer_untrusted');
    expect(await verify(answer, [spare])).toBe('issuer_untrusted');
    expect(await verify(answer, [])).toBe('issuer_untrusted');
  });

  test('a server that certified itself is refused', async () => {
    const issuerCertificate = await world.certificate({}, serverKey);
    expect(await verify(await world.tokenAnswer({}, { issuerCertificate }))).toBe('issuer_untrusted');
  });

  test('a token signed by another key than the certified one is refused', async () => {
    const document = await licenseTokenDocument.sign(world.tokenClaims(), generateSigningKey());
    expect(await verify(await world.tokenAnswer({}, { document }))).toBe('issuer_untrusted');
  });

  test('a token signed by the vendor root itself is refused', async () => {
    const document = await licenseTokenDocument.sign(world.tokenClaims(), root);
    expect(await verify(await world.tokenAnswer({}, { document }))).toBe('issuer_untrusted');
  });

  test("another server's certificate is refused, whatever the token says", async () => {
    const other = generateSigningKey();
    const issuerCertificate = await world.certificate({ sub: newId(), cnf: { jwk: other.jwk } });
    expect(await verify(await world.tokenAnswer({}, { issuerCertificate }))).toBe('issuer_untrusted');
    const document = await licenseTokenDocument.sign(world.tokenClaims(), other);
    expect(await verify(await world.tokenAnswer({}, { issuerCertificate, document }))).toBe(
      'issuer_mismatch',
    );
  });

  test.each<[string, object, Partial<LicenseToken>]>([
    ['certificate of another server, same key', { sub: newId() }, {}],
    ['certificate of another company', { cid: '999' }, {}],
    ['token of another server id', {}, { iss: newId() }],
    ['token of another company', {}, { cid: '999' }],
    ['both of another company', { cid: '999' }, { cid: '999' }],
  ])('%s is refused', async (_, certificate, claims) => {
    const issuerCertificate = await world.certificate(certificate);
    expect(await verify(await world.tokenAnswer(claims, { issuerCertificate }))).toBe('issuer_mismatch');
  });

  test.each<[string, number, number, string]>([
    ['ends before iat', NOW - 100, NOW - 1, 'issuer_certificate_not_valid'],
    ['begins after iat', NOW + 1, NOW + 100, 'issuer_certificate_not_valid'],
    ['ends at iat', NOW - 100, NOW, 'accepted'],
    ['begins at iat', NOW, NOW + 100, 'accepted'],
    ['was never valid', NOW + 1, NOW - 1, 'issuer_certificate_not_valid'],
  ])('a certificate that %s', async (_, nbf, exp, code) => {
    const issuerCertificate = await world.certificate({ nbf, exp });
    expect(await verify(await world.tokenAnswer({}, { issuerCertificate }))).toBe(code);
    expect(await verify(await world.denialAnswer('released', {}, { issuerCertificate }))).toBe(code);
  });
});

describe('for whom', () => {
  test.each<[string, Partial<LicenseToken>, string]>([
    ['another device key', { cnf: { jkt: generateSigningKey().thumbprint } }, 'answer_for_another_device'],
    ['another LicenseKey', { licenseKey: 'SN-0002' }, 'answer_for_another_license'],
    ['a LicenseKey in other capitals', { licenseKey: 'sn-0001' }, 'answer_for_another_license'],
    ['another App', { appId: world.otherAppId }, 'answer_for_another_license'],
    ['another PID', { pid: newId() }, 'answer_for_another_license'],
  ])('a token for %s is refused', async (_, claims, code) => {
    expect(await verify(await world.tokenAnswer(claims))).toBe(code);
  });

  test.each<[string, object, string]>([
    ['another device key', { cnf: { jkt: generateSigningKey().thumbprint } }, 'answer_for_another_device'],
    ['another LicenseKey', { licenseKey: 'SN-0002' }, 'answer_for_another_license'],
    ['another App', { appId: newAppId() }, 'answer_for_another_license'],
    ['another PID', { pid: newId() }, 'answer_for_another_license'],
    ['another server', { iss: newId() }, 'issuer_mismatch'],
    ['another company', { cid: '999' }, 'issuer_mismatch'],
  ])('a denial for %s is refused', async (_, claims, code) => {
    expect(await verify(await world.denialAnswer('released', claims))).toBe(code);
  });
});

describe('shape', () => {
  test('what is no answer is refused', async () => {
    const answer = await world.tokenAnswer();
    for (const input of [
      undefined,
      null,
      '',
      '<html>',
      [],
      [answer],
      {},
      { ...answer, document: undefined },
      { ...answer, document: 1 },
      { ...answer, document: 'abc' },
      { ...answer, document: 'x'.repeat(9000) },
      { ...answer, issuerCertificate: '' },
      { ...answer, terms: undefined },
      { ...answer, terms: [1] },
      { ...answer, terms: Array(MAX_RENEWALS + 2).fill(answer.terms[0]) },
    ]) {
      expect(await verify(input)).toBe('document_malformed');
    }
  });

  test('documents in one another’s place are refused', async () => {
    const answer = await world.tokenAnswer();
    const { document, issuerCertificate, terms } = answer;
    expect(await verify({ ...answer, document: issuerCertificate })).toBe('document_wrong_type');
    expect(await verify({ ...answer, document: terms[0] })).toBe('document_wrong_type');
    expect(await verify({ ...answer, issuerCertificate: document })).toBe('document_wrong_type');
    expect(await verify({ ...answer, issuerCertificate: terms[0] })).toBe('document_wrong_type');
    expect(await verify({ ...answer, terms: [document] })).toBe('document_wrong_type');
  });
});

/** What a dishonest server could send: claims of its choice, with the vendor's own lines. */
function dishonest(
  claims: Partial<LicenseToken>,
  line: Partial<PurchaseTerms> = {},
  renewals: RenewalTerms[] = [],
  party: World = world,
) {
  return codeOf(async () => {
    const lines = await Promise.all(renewals.map((renewal) => termsDocument.sign(renewal, party.root)));
    const answer = await party.tokenAnswer(claims, { terms: [await party.terms(line), ...lines] });
    await verifyAnswer(answer, party.subject, [party.root]);
  });
}

describe("against the vendor's terms", () => {
  test.each<[string, Partial<LicenseToken['sku']>]>([
    ['product', { product: 2 }],
    ['media type', { mediaType: 2 }],
    ['minutes', { minutes: 10 }],
    ['period', { period: '08:00~18:00' }],
    ['zone', { zone: 'UTC' }],
  ])('another %s is refused', async (_, sku) => {
    expect(await dishonest({ sku: { ...VIDEO_SKU, ...sku } })).toBe('terms_violated');
  });

  test.each<[string, Partial<LicenseToken>]>([
    ['another category', { category: 'account' }],
    ['a longer expireTime', { expireTime: addValidity(NOW, ONE_YEAR) + 1 }],
    ['a shorter expireTime', { expireTime: addValidity(NOW, ONE_YEAR) - 1 }],
    ['an activation in the future', { activationTime: NOW + 1 }],
    ['an exp beyond the token life', { exp: NOW + purchase.tokenLifeSeconds + 1 }],
    ['an exp beyond expireTime', { activationTime: NOW - 364 * DAY, exp: NOW + 30 * DAY }],
    ['a longer grace', { graceSeconds: purchase.graceSeconds + 1 }],
    ['a longer expiry grace', { expiryGraceSeconds: 1 }],
    ['minutes capped otherwise', { minutes: { allowed: 1, own: 0, others: 0 } }],
  ])('%s is refused', async (_, claims) => {
    expect(await dishonest(claims)).toBe('terms_violated');
  });

  test('less than the terms allow is fine', async () => {
    expect(await dishonest({ exp: NOW + 60, graceSeconds: 0, expiryGraceSeconds: 0 })).toBe('accepted');
  });

  test.each<[string, Partial<PurchaseTerms>]>([
    ['another App', { appId: world.otherAppId }],
    ['another company', { cid: '999' }],
  ])('a line for %s does not serve', async (_, line) => {
    expect(await dishonest({}, line)).toBe('terms_violated');
  });

  test('a line for this very App serves', async () => {
    expect(await dishonest({}, { appId: world.appId })).toBe('accepted');
  });

  test('a PID that was never bought is refused', async () => {
    const pid = derivePid(VIDEO_SKU, { unit: 'year', count: 2 }, 'device');
    const answer = await world.tokenAnswer({ pid });
    expect(await verify(answer, [root], { ...subject, pid })).toBe('terms_violated');
  });

  test('a line whose PID does not follow from its parts is refused, though the vendor signed it', async () => {
    expect(await dishonest({}, { sku: { ...VIDEO_SKU, mediaType: 1 } })).toBe('terms_inconsistent');
  });

  test('missing, unsigned or self-made lines are refused', async () => {
    const of = async (terms: string[]) => verify(await world.tokenAnswer({}, { terms }));
    expect(await of([])).toBe('terms_missing');
    expect(await of([await world.terms({ termsId: newId() })])).toBe('terms_missing');
    expect(await of([await world.terms({}, serverKey)])).toBe('issuer_untrusted');
    expect(await of([await world.terms(), await world.terms({}, spare)])).toBe('issuer_untrusted');
    expect(await of([await termsDocument.sign({ ...world.renewal, termsId: purchase.termsId }, root)])).toBe(
      'terms_missing',
    );
  });

  test('a company cannot use another company’s lines of the same PID', async () => {
    const other = new World();
    expect(other.purchase.pid).toBe(purchase.pid);
    const terms = [await termsDocument.sign({ ...purchase, cid: '999' }, root)];
    expect(await verify(await world.tokenAnswer({}, { terms }))).toBe('terms_violated');
  });

  test('account tokens live 7 days with 1 day of grace, whatever the terms allow', async () => {
    const account = new World({ category: 'account' });
    const week = { exp: NOW + 7 * DAY, graceSeconds: DAY };
    expect(await dishonest(week, {}, [], account)).toBe('accepted');
    expect(await dishonest({ ...week, exp: week.exp + 1 }, {}, [], account)).toBe('terms_violated');
    expect(await dishonest({ ...week, graceSeconds: DAY + 1 }, {}, [], account)).toBe('terms_violated');
  });
});

describe('renewals', () => {
  const START = NOW - 400 * DAY;
  const renewal = (validity = ONE_YEAR, overrides: Partial<RenewalTerms> = {}): RenewalTerms => ({
    ...world.renewal,
    validity,
    ...overrides,
  });
  const renewed = (ats: number[], claims: Partial<LicenseToken> = {}): Partial<LicenseToken> => ({
    activationTime: START,
    renewals: ats.map((at) => ({ termsId: world.renewal.termsId, at })),
    expireTime: ats.reduce(
      (end, at) => addValidity(Math.max(at, end), ONE_YEAR),
      addValidity(START, ONE_YEAR),
    ),
    exp: NOW + DAY,
    ...claims,
  });

  test('before and after the end extend by the rule', async () => {
    for (const ats of [[START], [START + 10 * DAY], [NOW], [START + 10 * DAY, NOW]]) {
      expect(await dishonest(renewed(ats), {}, [renewal()])).toBe('accepted');
    }
  });

  test('of a time to come, before activation or out of order are refused', async () => {
    for (const ats of [[NOW + 1], [START - 1], [NOW, NOW - 1]]) {
      expect(await dishonest(renewed(ats), {}, [renewal()])).toBe('terms_violated');
    }
  });

  test('cannot be counted twice, left out or stretched', async () => {
    const honest = renewed([NOW - DAY]);
    const expireTime = honest.expireTime ?? 0;
    for (const claims of [
      { expireTime: addValidity(expireTime, ONE_YEAR) },
      { renewals: [] },
      { expireTime: expireTime + 1 },
    ]) {
      expect(await dishonest({ ...honest, ...claims }, {}, [renewal()])).toBe('terms_violated');
    }
  });

  test('need their own line', async () => {
    expect(await dishonest(renewed([NOW]), {}, [])).toBe('terms_missing');
    const asPurchase = { renewals: [{ termsId: purchase.termsId, at: NOW }] };
    expect(await dishonest(renewed([NOW], asPurchase), {}, [renewal()])).toBe('terms_missing');
  });

  test('of another PID, App or company are refused', async () => {
    const pid = newId();
    for (const line of [
      renewal(ONE_YEAR, { pid, renewId: deriveRenewId(pid, ONE_YEAR) }),
      renewal(ONE_YEAR, { appId: world.otherAppId }),
      renewal(ONE_YEAR, { cid: '999' }),
    ]) {
      expect(await dishonest(renewed([NOW]), {}, [line])).toBe('terms_violated');
    }
    expect(await dishonest(renewed([NOW]), {}, [renewal(ONE_YEAR, { appId: world.appId })])).toBe('accepted');
    expect(await dishonest(renewed([NOW]), {}, [renewal(ONE_YEAR, { renewId: newId() })])).toBe(
      'terms_inconsistent',
    );
  });

  test('16 are carried, the 17th is refused', async () => {
    const sixteen = renewed(Array(16).fill(NOW));
    expect(await dishonest(sixteen, {}, [renewal()])).toBe('accepted');
    const seventeenth = renewed(Array(17).fill(NOW));
    expect(await codeOf(() => world.tokenAnswer(seventeenth))).toBe('document_malformed');
  });

  test('each brings the minutes of the SKU again', async () => {
    const capped = new World({ sku: { ...VIDEO_SKU, minutes: 1000 } });
    const claims = (allowed: number): Partial<LicenseToken> => ({
      ...renewed([NOW]),
      renewals: [{ termsId: capped.renewal.termsId, at: NOW }],
      minutes: { allowed, own: 5000, others: 0 },
    });
    expect(await dishonest(claims(2000), {}, [capped.renewal], capped)).toBe('accepted');
    for (const allowed of [0, 1000, 2001, 3000]) {
      expect(await dishonest(claims(allowed), {}, [capped.renewal], capped)).toBe('terms_violated');
    }
  });
});

test('a token with 16 renewals, a full fingerprint, the longest LicenseKey and a long label fits its 4,096 bytes', async () => {
  const digest = 'A'.repeat(22);
  const values = [digest, digest, digest, digest];
  const full = world.tokenClaims({
    licenseKey: '\\'.repeat(128),
    label: '😀'.repeat(100),
    renewals: Array(16).fill({ termsId: newId(), at: NOW }),
    fingerprint: {
      boardSerial: [digest],
      productUuid: [digest],
      socSerial: [digest],
      macs: values,
      diskSerial: [digest],
      tpmKey: [digest],
    },
    minutes: { allowed: 17e9, own: 17e9, others: 17e9 },
  });
  expect((await licenseTokenDocument.sign(full, serverKey)).length).toBeLessThanOrEqual(4096);
});
