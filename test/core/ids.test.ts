import { expect, test } from 'vitest';
import { isLicenseKey, newAppId, newId, newSecret, parseLicenseKey } from '#core/ids.ts';
import { LicenseKey, shapeProblem } from '#core/shapes.ts';
import { codeOf } from '../support/forge.ts';

test('ids have the documented forms and do not repeat', () => {
  const ids = Array.from({ length: 1000 }, newId);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => /^[0-9A-F]{32}$/.test(id))).toBe(true);
  expect(newAppId()).toMatch(/^[0-9a-f]{32}$/);
  expect(Buffer.from(newSecret(), 'base64url').length).toBe(32);
});

test.each<[string, string]>([
  ['one character', 'A'],
  ['128 bytes', 'x'.repeat(128)],
  ['128 bytes in 64 characters', 'é'.repeat(64)],
  ['126 bytes in 42 characters', '课'.repeat(42)],
  ['128 bytes in 32 characters outside the BMP', '😀'.repeat(32)],
  ["the IoT library's unpadded base32", 'OBZG6ZDVMN2EWZLZFVSGK5TJMNSUSZA'],
  ['a space inside', 'room 12'],
  ['an address', 'user@example.com'],
  ['accents of their own', 'e\u0301'],
])('%s is a LicenseKey', (_, value) => {
  expect(parseLicenseKey(value)).toBe(value);
  expect(shapeProblem(LicenseKey, value)).toBeUndefined();
});

test.each<[string, unknown]>([
  ['nothing', ''],
  ['129 bytes', 'x'.repeat(129)],
  ['129 bytes in 65 characters', `${'é'.repeat(64)}x`],
  ['128 characters of 384 bytes', '课'.repeat(128)],
  ['a space alone', ' '],
  ['a space before', ' A'],
  ['a space behind', 'A '],
  ['a line end behind', 'A\n'],
  ['a no-break space behind', 'A\u00a0'],
  ['an ideographic space before', '\u3000A'],
  ['NUL', 'A\u0000B'],
  ['a tab inside', 'A\tB'],
  ['DEL', 'A\u007fB'],
  ['a C1 control', 'A\u0085B'],
  ['a line separator', 'A\u2028B'],
  ['a zero-width space', 'A\u200bB'],
  ['a zero-width joiner', 'A\u200dB'],
  ['a byte order mark', '\ufeffA'],
  ['a right-to-left override', 'A\u202eB'],
  ['a soft hyphen', 'A\u00adB'],
  ['a lone high surrogate', 'A\ud800'],
  ['a lone low surrogate', '\udc00A'],
  ['a private character', 'A\ue000'],
  ['a noncharacter', 'A\uffff'],
  ['a number', 42],
  ['a list', ['A']],
  ['undefined', undefined],
  ['null', null],
])('%s is no LicenseKey', async (_, value) => {
  expect(isLicenseKey(value)).toBe(false);
  expect(await codeOf(() => parseLicenseKey(value))).toBe('license_key_invalid');
  expect(shapeProblem(LicenseKey, value)).toBeDefined();
});
