import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { LicenseError, messageOf } from '#core/errors.ts';
import { asQuoted, reasonOf } from '#core/host/reason.ts';
import { parseFields } from '#core/notation/fields.ts';
import { parsePurchase } from '#core/notation/purchase.ts';
import { parseRenewal } from '#core/notation/renewal.ts';
import { parseJson, parseShape, shapeProblem } from '#core/shapes.ts';
import { englishIn } from '../support/chinese.ts';

const ROOT = join(import.meta.dirname, '../..');

const sources = ['core', 'agent', 'server-stub'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({
      file: join(folder, file),
      text: readFileSync(join(ROOT, folder, file), 'utf8'),
    })),
);

/** Every match in every source, as `file: match`. */
function found(pattern: RegExp, isBad: (match: RegExpMatchArray) => boolean = () => true): string[] {
  return sources.flatMap(({ file, text }) =>
    [...text.matchAll(pattern)].filter(isBad).map(([match]) => `${file}: ${match}`),
  );
}

/** The text of a string or template literal, without what is filled in. */
const LITERAL = String.raw`('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\x60(?:[^\x60\\]|\\.)*\x60)`;
const plain = (literal: string) => literal.slice(1, -1).replace(/\$\{[^}]*\}/g, '');

/** The compiler holds the details of errors to both languages; this finds what is put into them by a detour. */
const isPhrase = (match: RegExpMatchArray) => / [a-z]{2,}/.test(plain(match.at(-1) ?? ''));

describe('the sources', () => {
  test('what is wrong is never said in one language alone', () => {
    expect(sources.length).toBeGreaterThan(100);
    for (const place of [
      String.raw`\b(?:problem|reason|hint|what|takes)(?:: | = )`,
      String.raw`\b(?:usageError|misplaced|unusable)\(\s*`,
    ]) {
      expect(found(new RegExp(place + LITERAL, 'g'), isPhrase)).toEqual([]);
    }
  });

  test('a place is named by a name, or in both languages', () => {
    for (const place of [String.raw`\bwhere: `, String.raw`'[a-z_]+_malformed',\s*`]) {
      expect(found(new RegExp(place + LITERAL, 'g'), isPhrase)).toEqual([]);
    }
  });

  test('each Chinese text is Chinese', () => {
    const chinese = new RegExp(String.raw`\bzh: ${LITERAL}`, 'g');
    const isMixed = ([, literal = '']: RegExpMatchArray) => englishIn(plain(literal)).length > 0;
    expect(found(chinese).length).toBeGreaterThan(100);
    expect(found(chinese, isMixed)).toEqual([]);
  });
});

test('English within Chinese is seen', () => {
  expect(englishIn('参数 pid 错误：must not have more than 64 characters')).not.toEqual([]);
  expect(englishIn('无法读取 /a/b：it does not exist')).not.toEqual([]);
  expect(englishIn('文件 stored answer 错误')).not.toEqual([]);
  expect(englishIn('“it is not there” 与 /usr/some dir/x，请执行：license-agent enroll FILE。')).toEqual([]);
});

/** The message of the error that work ends with, in Chinese. */
function chineseOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof LicenseError) return messageOf(thrown, 'zh');
    throw thrown;
  }
  throw new Error('was accepted');
}

const Everything = Type.Object(
  {
    text: Type.String({ minLength: 2, maxLength: 3 }),
    hex: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    some: Type.String({ pattern: '^[0-9]{1,18}$' }),
    url: Type.String({ pattern: '^https?://' }),
    store: Type.String({ pattern: '^$|^postgres(ql)?://' }),
    word: Type.String({ pattern: '^(true|false)$' }),
    year: Type.String({ pattern: '^[0-9]{4}-$' }),
    whole: Type.Integer({ minimum: 1, maximum: 9 }),
    number: Type.Number(),
    yes: Type.Boolean(),
    list: Type.Array(Type.Null(), { minItems: 1, maxItems: 1 }),
    one: Type.Literal('a'),
    choice: Type.Union([Type.Literal(1), Type.Literal(2)]),
    names: Type.Enum(['x', 'y']),
    either: Type.Union([Type.String(), Type.Integer()]),
    fine: Type.Refine(Type.String(), (value) => value === ''),
  },
  { additionalProperties: false },
);
const WHOLE = {
  text: 'ab',
  hex: '0'.repeat(32),
  some: '1',
  url: 'http://x',
  store: '',
  word: 'true',
  year: '2026-',
  whole: 1,
  number: 0.5,
  yes: true,
  list: [null],
  one: 'a',
  choice: 1,
  names: 'x',
  either: 1,
  fine: '',
};

describe('a shape that is not met says how, in both languages', () => {
  test.each<[string, object, string, string]>([
    ['text', { text: 1 }, '/text: must be text', '/text 必须为文本'],
    ['text too short', { text: 'a' }, '/text: must have at least 2 characters', '/text 不得少于 2 个字符'],
    ['text too long', { text: 'abcd' }, '/text: must have at most 3 characters', '/text 不得多于 3 个字符'],
    ['characters', { hex: 'x' }, '/hex: must be 32 characters of 0-9a-f', '/hex 必须为 32 个字符，限 0-9a-f'],
    [
      'some characters',
      { some: '' },
      '/some: must be 1 to 18 characters of 0-9',
      '/some 必须为 1 到 18 个字符，限 0-9',
    ],
    [
      'a beginning',
      { url: 'x' },
      '/url: must begin with http:// or https://',
      '/url 必须以 http:// 或 https:// 开头',
    ],
    [
      'a beginning or nothing',
      { store: 'x' },
      '/store: must be empty or begin with postgres:// or postgresql://',
      '/store 必须为空，或以 postgres:// 或 postgresql:// 开头',
    ],
    ['words', { word: 'x' }, '/word: must be one of "true", "false"', '/word 必须为 "true"、"false" 之一'],
    ['another pattern', { year: 'x' }, '/year: must match ^[0-9]{4}-$', '/year 必须符合 ^[0-9]{4}-$'],
    [
      'one of two types',
      { either: true },
      '/either: must be text or a whole number',
      '/either 必须为文本或整数',
    ],
    ['a whole number', { whole: 1.5 }, '/whole: must be a whole number', '/whole 必须为整数'],
    ['a minimum', { whole: 0 }, '/whole: must be at least 1', '/whole 不得小于 1'],
    ['a maximum', { whole: 10 }, '/whole: must be at most 9', '/whole 不得大于 9'],
    ['a number', { number: 'x' }, '/number: must be a number', '/number 必须为数字'],
    ['a boolean', { yes: 1 }, '/yes: must be true or false', '/yes 必须为布尔值（true 或 false）'],
    ['a list', { list: {} }, '/list: must be a list', '/list 必须为列表'],
    ['an empty list', { list: [] }, '/list: must have at least 1 item', '/list 不得少于 1 项'],
    ['a long list', { list: [null, null] }, '/list: must have at most 1 item', '/list 不得多于 1 项'],
    ['null', { list: [1] }, '/list/0: must be null', '/list/0 必须为空值（null）'],
    ['a constant', { one: 'b' }, '/one: must be "a"', '/one 必须为 "a"'],
    ['a choice', { choice: 3 }, '/choice: must be one of 1, 2', '/choice 必须为 1、2 之一'],
    ['a name', { names: 'z' }, '/names: must be one of "x", "y"', '/names 必须为 "x"、"y" 之一'],
    ['a rule', { fine: 'x' }, '/fine: has a value that is not allowed', '/fine 取值不允许'],
    ['an unknown member', { more: 1 }, '/more: is not known here', '/more 不应出现'],
    ['a missing member', { text: undefined }, 'lacks text', '缺少 text'],
  ])('%s', (_, wrong, en, zh) => {
    const value = JSON.parse(JSON.stringify({ ...WHOLE, ...wrong }));
    expect(shapeProblem(Everything, value)).toEqual({ en, zh });
  });

  test('what has the shape has no problem; what is nothing like it has one', () => {
    expect(shapeProblem(Everything, WHOLE)).toBeUndefined();
    expect(shapeProblem(Everything, [])).toEqual({ en: 'must be an object', zh: '必须为对象' });
    expect(shapeProblem(Everything, { ...WHOLE, either: {} })?.zh).toMatch(/^\/either \p{Script=Han}/u);
  });
});

test('of several faults the message names the place, without a gap between Chinese words', () => {
  const where = { en: 'answer', zh: '应答' };
  expect(chineseOf(() => parseShape(Everything, 1, 'document_malformed', where))).toBe(
    '应答格式不正确：必须为对象',
  );
  expect(chineseOf(() => parseJson(Everything, '{', 'document_malformed', 'x+jwt'))).toBe(
    'x+jwt 格式不正确：不是 JSON',
  );
});

test.each([
  'validity',
  'validity=1y,validity=1y',
  'validity=2m,count=1',
  'product=9',
  'mediaType=0',
  'minutes=x',
  'period=1',
  'zone=Nowhere/At all',
  'category=person',
  'count=0',
  'label=',
])('a purchase of %j is refused in Chinese', (text) => {
  const message = chineseOf(() => parsePurchase(text, '--purchase'));
  expect(englishIn(message)).toEqual([]);
  expect(message).toMatch(/\p{Script=Han}/u);
});

test('renewals and unknown fields are refused in Chinese', () => {
  for (const text of ['pid=1', 'validity=1x', 'count=x', 'colour=red']) {
    expect(englishIn(chineseOf(() => parseRenewal(text, '--renewal')))).toEqual([]);
  }
  expect(chineseOf(() => parseFields({}, 'a=1', '--x'))).toBe('参数 --x 错误：未知字段“a”；可用字段：');
});

describe('the reason of a failed call', () => {
  const failed = (code: string) => Object.assign(new Error(`${code}: some words of the system`), { code });

  test.each([
    ['ENOENT', '不存在'],
    ['EACCES', '权限不足'],
    ['ENOSPC', '磁盘已满'],
    ['EROFS', '磁盘为只读'],
    ['ECONNREFUSED', '连接被拒绝'],
    ['ENOTFOUND', '主机名不存在'],
    ['EADDRNOTAVAIL', '本机没有该地址'],
    ['CERT_HAS_EXPIRED', '对方证书已到期'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS 连接失败'],
  ])('%s: %s', (code, zh) => {
    expect(reasonOf(failed(code)).zh).toBe(zh);
    expect(reasonOf(failed(code)).en).not.toMatch(/system|\p{Script=Han}/u);
  });

  test('what nobody knows is quoted', () => {
    expect(reasonOf(failed('EODD'))).toEqual(asQuoted('EODD: some words of the system'));
    expect(englishIn(reasonOf(new Error('something odd')).zh)).toEqual([]);
    expect(reasonOf(AbortSignal.timeout(0).reason ?? new DOMException('x', 'TimeoutError')).zh).toBe('超时');
  });
});
