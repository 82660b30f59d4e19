import { expect, test } from 'vitest';
import { LicenseError } from '#core/errors.ts';
import { answer, fail, languageOf, type Terminal, usageError } from '#core/host/cli.ts';

function terminal(json: boolean, language: Terminal['language'] = 'en') {
  const written = { out: '', err: '' };
  const value: Terminal = {
    language,
    json,
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
  };
  return { value, written };
}

test.each<[Record<string, string>, string]>([
  [{ LANG: 'zh_CN.UTF-8' }, 'zh'],
  [{ LANG: 'zh_CN.UTF-8', LC_ALL: 'C' }, 'en'],
  [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'zh_TW' }, 'zh'],
  [{ LANG: 'zh_CN', LC_ALL: '' }, 'zh'],
  [{}, 'en'],
])('locale %j speaks %s', (env, language) => {
  expect(languageOf(env)).toBe(language);
});

test('an answer is text for people, and one line of JSON for programs', () => {
  const people = terminal(false);
  answer(people.value, { a: 1 }, 'one');
  expect(people.written).toEqual({ out: 'one\n', err: '' });
  const programs = terminal(true);
  answer(programs.value, { a: 1, text: 'x\ny' }, 'one');
  expect(programs.written).toEqual({ out: '{"a":1,"text":"x\\ny"}\n', err: '' });
});

test('a failure says what happened, what to do and its code, in the reader’s language', () => {
  const error = new LicenseError('key_file_permissions', { file: '/k', mode: '0644' });
  const en = terminal(false);
  expect(fail(en.value, 'license-agent', error)).toBe(2);
  expect(en.written.err).toBe(
    'license-agent: key file /k may be read by others (mode 0644); it is not used [key_file_permissions]\n  Run: chmod 600 /k\n',
  );
  expect(en.written.out).toBe('');
  const zh = terminal(false, 'zh');
  fail(zh.value, 'license-agent', error);
  expect(zh.written.err).toContain('拒绝使用');
});

test('with --json a failure is one line on stdout, with the code', () => {
  const { value, written } = terminal(true);
  expect(fail(value, 'x', new LicenseError('signature_invalid', { where: 'token' }))).toBe(5);
  expect(written.err).toBe('');
  expect(JSON.parse(written.out)).toMatchObject({ error: 'signature_invalid', detail: { where: 'token' } });
});

test('an unknown fault ends with 1 and shows its stack to people', () => {
  const { value, written } = terminal(false);
  expect(fail(value, 'x', new TypeError('boom'))).toBe(1);
  expect(written.err).toMatch(/\[internal\][\s\S]*TypeError: boom\n\s+at /);
});

test.each([
  ['en', 'too much'],
  ['zh', '过多'],
] as const)('--json has words as one text, in the language of the reader: %s', (language, text) => {
  const problem = { en: 'too much', zh: '过多' };
  const failed = terminal(true, language);
  fail(failed.value, 'x', usageError(problem));
  expect(JSON.parse(failed.written.out).detail).toEqual({ problem: text });
  const answered = terminal(true, language);
  answer(answered.value, { fault: 'usage', faultDetail: { problem, line: 1 } }, '');
  expect(JSON.parse(answered.written.out)).toEqual({
    fault: 'usage',
    faultDetail: { problem: text, line: 1 },
  });
});
