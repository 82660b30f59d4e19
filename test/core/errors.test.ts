import { describe, expect, test } from 'vitest';
import { errorTable } from '#core/error-table.ts';
import { asLicenseError, type ErrorCode, LicenseError, messageOf, remedyOf } from '#core/errors.ts';

const codes = Object.keys(errorTable) as ErrorCode[];
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe.each(codes)('%s', (code) => {
  const { http, exit, retryable, en, enRemedy, zh, zhRemedy } = errorTable[code];

  test('says what happened and what to do, in both languages', () => {
    for (const text of [en, enRemedy, zh, zhRemedy]) expect(text.trim()).not.toBe('');
    expect(en + enRemedy).not.toMatch(/\p{Script=Han}/u);
    if (code !== 'usage') expect(zh).toMatch(/\p{Script=Han}/u);
    expect(zhRemedy).toMatch(/\p{Script=Han}/u);
  });

  test('fills the same values into both languages', () => {
    expect(placeholders(zh)).toEqual(placeholders(en));
    expect(placeholders(zhRemedy)).toEqual(placeholders(enRemedy));
  });

  test('has an HTTP status and an exit code that agree', () => {
    expect([400, 401, 403, 404, 405, 409, 413, 415, 417, 429, 500, 503]).toContain(http);
    expect([1, 2, 3, 4, 5, 6, 7]).toContain(exit);
    // A mistake of the caller's does not go away by itself, and what may go away is no mistake of the caller's.
    if (retryable) expect([429, 500, 503]).toContain(http);
  });
});

test('codes are snake_case', () => {
  expect(codes.filter((code) => !/^[a-z]+(_[a-z]+)*$/.test(code))).toEqual([]);
});

test('a message carries its values, and never shows an empty placeholder', () => {
  const error = new LicenseError('issuer_mismatch', { where: 'token', actual: 'A', expected: 'B' });
  expect(error.message).toBe('the token is of A, expected B');
  expect(messageOf(error, 'zh')).toBe('token 属于 A，应为 B');
  for (const code of codes) {
    const bare = new LicenseError(code);
    for (const text of [bare.message, messageOf(bare, 'zh'), remedyOf(bare, 'en'), remedyOf(bare, 'zh')]) {
      expect(text).not.toMatch(/[{}]|undefined/);
    }
  }
});

test('a value that looks like a placeholder, or like a replacement pattern, stays text', () => {
  const error = new LicenseError('parameter_invalid', {
    name: '{problem}',
    problem: { en: "$& $1 $'", zh: '{name}' },
  });
  expect(error.message).toBe("parameter {problem}: $& $1 $'");
  expect(messageOf(error, 'zh')).toBe('参数 {problem} 错误：{name}');
});

test('an unknown fault becomes internal and keeps its cause; a known one stays itself', () => {
  const cause = new TypeError('boom');
  expect(asLicenseError(cause)).toMatchObject({ code: 'internal', cause });
  expect(asLicenseError(cause).message).not.toContain('boom');
  const known = new LicenseError('expired');
  expect(asLicenseError(known)).toBe(known);
  expect(known.cause).toBeUndefined();
});
