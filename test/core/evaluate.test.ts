import { describe, expect, test } from 'vitest';
import { bindFingerprint, digestComponents } from '#core/device/fingerprint.ts';
import { DENIAL_CODES, isEnding } from '#core/documents/license-denial.ts';
import type { LicenseToken } from '#core/documents/license-token.ts';
import { type Evidence, evaluate, usableUntil } from '#core/evaluate.ts';
import { newSecret } from '#core/ids.ts';
import { NOW, VIDEO_SKU, World } from '../support/world.ts';

const DAY = 86_400;
const world = new World();
const token = world.tokenClaims();
const at = (now: number, confirmed = now) => ({ now, confirmed });
const held = (overrides: Partial<LicenseToken> = {}, evidence: Partial<Evidence> = {}): Evidence => ({
  token: { ...token, ...overrides },
  fingerprint: {},
  ...evidence,
});

describe('usableUntil', () => {
  const base = { exp: 1000, graceSeconds: 100, expireTime: 2000, expiryGraceSeconds: 30 };
  test.each<[string, Partial<typeof base>, number]>([
    ['exp and grace end before the license', {}, 1100],
    ['grace ends one second before the license', { exp: 1899 }, 1999],
    ['grace ends with the license', { exp: 1900 }, 2030],
    ['grace would outlive the license', { exp: 1950 }, 2030],
    ['the last token', { exp: 2000 }, 2030],
    ['the last token has no offline grace', { exp: 2000, graceSeconds: 5000, expiryGraceSeconds: 0 }, 2000],
    ['no grace at all', { graceSeconds: 0, expiryGraceSeconds: 0 }, 1000],
  ])('%s', (_, changes, expected) => {
    expect(usableUntil({ ...base, ...changes })).toBe(expected);
  });
});

describe('time', () => {
  const end = usableUntil(token);

  test.each<[string, number, number, string, boolean]>([
    ['at activation', NOW, NOW, 'active', false],
    ['before activation: a clock at 1970', 0, 0, 'active', false],
    ['one second before exp', token.exp - 1, token.exp - 1, 'active', false],
    ['at exp', token.exp, token.exp, 'grace', false],
    ['one second before the end', end - 1, end - 1, 'grace', false],
    ['at the end', end, end, 'expired', false],
    ['a year after', end + 365 * DAY, end + 365 * DAY, 'expired', false],
    ['the wall clock alone past exp', token.exp, NOW, 'grace', false],
    ['the wall clock alone past the end', end, NOW, 'grace', true],
    ['the wall clock alone in the year 9999', 253_402_300_799, end - 1, 'grace', true],
    ['confirmed one second before the end', end, end - 1, 'grace', true],
  ])('%s', (_, now, confirmed, state, clockUnconfirmed) => {
    const verdict = evaluate(held(), at(now, confirmed));
    expect(verdict).toMatchObject({ state, clockUnconfirmed, reason: state === 'expired' ? 2 : 0 });
    expect(verdict.capabilities.video.allowed).toBe(state !== 'expired');
    expect(verdict.capabilities.audio.allowed).toBe(state !== 'expired');
  });

  test('says since when, and until when', () => {
    expect(evaluate(held(), at(NOW))).toMatchObject({ since: NOW, until: token.exp });
    expect(evaluate(held(), at(token.exp))).toMatchObject({ since: token.exp, until: end });
    const expired = evaluate(held(), at(end));
    expect(expired.since).toBe(end);
    expect(expired).not.toHaveProperty('until');
  });

  test('expiry grace keeps an ended license in use, and no longer', () => {
    const last = held({ exp: token.expireTime, expiryGraceSeconds: DAY });
    expect(evaluate(last, at(token.expireTime + DAY - 1)).state).toBe('grace');
    expect(evaluate(last, at(token.expireTime + DAY)).state).toBe('expired');
  });
});

describe('what else decides', () => {
  const denial = (code: (typeof DENIAL_CODES)[number]) => world.denialClaims(code, { iat: NOW + 5 });

  test('nothing held is unlicensed', () => {
    expect(evaluate({ fingerprint: {} }, at(NOW))).toEqual({
      state: 'unlicensed',
      reason: 1,
      clockUnconfirmed: false,
      capabilities: {
        audio: { allowed: false, reason: 1, because: 'unlicensed' },
        video: { allowed: false, reason: 1, because: 'unlicensed' },
      },
    });
  });

  test.each(DENIAL_CODES)('denial %s', (code) => {
    const verdict = evaluate(held({}, { denial: denial(code) }), at(NOW));
    const halts = isEnding(code) || code === 'suspended';
    expect(verdict.state).toBe(halts ? code : 'active');
    expect(verdict.capabilities.video.allowed).toBe(!halts);
    expect(verdict.reason).toBe(code === 'different_device' ? 5 : halts ? 1 : 0);
    if (halts) expect(verdict.since).toBe(NOW + 5);
  });

  test('an ending denial stands without a token, and before a fault', () => {
    expect(evaluate({ denial: denial('released'), fingerprint: {} }, at(NOW)).state).toBe('released');
    const both = held({}, { denial: denial('transferred'), fault: 'signature_invalid' });
    expect(evaluate(both, at(NOW)).state).toBe('transferred');
  });

  test('a refusal of a request alone does not license a device that holds nothing', () => {
    expect(evaluate({ denial: denial('quota_exhausted'), fingerprint: {} }, at(NOW)).state).toBe(
      'unlicensed',
    );
    expect(evaluate({ denial: denial('suspended'), fingerprint: {} }, at(NOW)).state).toBe('unlicensed');
  });

  test('what could not be verified is invalid and says why', () => {
    const verdict = evaluate(held({}, { fault: 'signature_invalid' }), at(NOW));
    expect(verdict).toMatchObject({ state: 'invalid', fault: 'signature_invalid', reason: 1 });
    expect(verdict.capabilities.audio).toEqual({ allowed: false, reason: 1, because: 'invalid' });
  });

  test('suspension pauses in every time of the token', () => {
    for (const now of [NOW, token.exp, usableUntil(token), usableUntil(token) + DAY]) {
      expect(evaluate(held({}, { denial: denial('suspended') }), at(now)).state).toBe('suspended');
    }
  });
});

describe('fingerprint', () => {
  const key = newSecret();
  const mine = digestComponents({ boardSerial: ['1'], productUuid: ['2'], diskSerial: ['3'] }, key);
  const bound = bindFingerprint(mine, token.license);

  test.each<[string, object, string]>([
    ['the same machine', { boardSerial: ['1'], productUuid: ['2'], diskSerial: ['3'] }, 'active'],
    ['another disk', { boardSerial: ['1'], productUuid: ['2'], diskSerial: ['x'] }, 'active'],
    ['another machine', { boardSerial: ['x'], productUuid: ['x'], diskSerial: ['3'] }, 'different_device'],
    ['a machine that tells too little', { boardSerial: ['x'] }, 'active'],
    ['a machine that tells nothing', {}, 'active'],
  ])('%s', (_, components, state) => {
    const fingerprint = digestComponents(components, key);
    const verdict = evaluate(held({ fingerprint: bound }, { fingerprint }), at(NOW));
    expect(verdict.state).toBe(state);
    if (state === 'different_device') expect(verdict.reason).toBe(5);
  });
});

describe('capabilities', () => {
  const sku = (changes: object) => ({ sku: { ...VIDEO_SKU, ...changes } });

  test.each<[1 | 2 | 3, boolean, boolean]>([
    [1, true, false],
    [2, false, true],
    [3, true, true],
  ])('media type %i: audio %s, video %s', (mediaType, audio, video) => {
    const { capabilities } = evaluate(held(sku({ mediaType })), at(NOW));
    expect(capabilities.audio.allowed).toBe(audio);
    expect(capabilities.video.allowed).toBe(video);
    for (const { allowed, because, reason } of Object.values(capabilities)) {
      if (!allowed) expect({ because, reason }).toEqual({ because: 'media_not_licensed', reason: 1 });
    }
  });

  test.each<[string, number, { allowed: number; own: number; others: number }, number, boolean]>([
    ['unlimited', 0, { allowed: 0, own: 1e9, others: 1e9 }, 1e9, true],
    ['one minute left', 100, { allowed: 100, own: 50, others: 49 }, 0, true],
    ['none left', 100, { allowed: 100, own: 50, others: 50 }, 0, false],
    ['the own meter knows more than the server', 100, { allowed: 100, own: 0, others: 40 }, 60, false],
    ['the server knows more of this meter', 100, { allowed: 100, own: 99, others: 0 }, 3, true],
    ['the own meter is not counted twice', 100, { allowed: 100, own: 60, others: 39 }, 60, true],
    ['a renewal brought more', 100, { allowed: 200, own: 150, others: 0 }, 150, true],
    ['far over', 100, { allowed: 100, own: 0, others: 1_000 }, 0, false],
  ])('minutes: %s', (_, cap, minutes, meteredMinutes, allowed) => {
    const { capabilities, state } = evaluate(
      held({ ...sku({ minutes: cap }), minutes }, { meteredMinutes }),
      at(NOW),
    );
    expect(state).toBe('active');
    expect(capabilities.video).toEqual(
      allowed
        ? { allowed: true, reason: 0, because: 'active' }
        : { allowed: false, reason: 3, because: 'minutes_exceeded' },
    );
  });

  test('the period is judged in its own zone and wraps over midnight', () => {
    const night = held({ ...sku({ period: '22:00~06:00', zone: 'Asia/Shanghai' }) });
    // NOW is midnight UTC, 08:00 in Shanghai.
    expect(evaluate(night, at(NOW)).capabilities.video).toEqual({
      allowed: false,
      reason: 4,
      because: 'outside_period',
    });
    expect(evaluate(night, at(NOW)).state).toBe('active');
    expect(evaluate(night, at(NOW + 14 * 3600)).capabilities.video.allowed).toBe(true);
    expect(evaluate(night, at(NOW + 22 * 3600)).capabilities.video.allowed).toBe(true);
    expect(evaluate(night, at(NOW + 22 * 3600 + 60)).capabilities.video.allowed).toBe(false);
  });

  test('in grace everything goes on, and says that it is grace', () => {
    expect(evaluate(held(), at(token.exp)).capabilities.video).toEqual({
      allowed: true,
      reason: 0,
      because: 'grace',
    });
  });
});
