import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLicenseKey } from '#core/ids.ts';
import {
  LicenseKeyLines,
  type Line,
} from '../../../server-stub/licensing/preauthorization/license-key-lines.ts';

/** The lines of some bytes, read in chunks that end at the given places. */
function linesOf(bytes: Buffer, cuts: readonly number[] = []): Line[] {
  const lines = new LicenseKeyLines();
  const found: Line[] = [];
  const ends = [...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b), bytes.length];
  let start = 0;
  for (const end of ends) {
    found.push(...lines.push(bytes.subarray(start, end)));
    start = end;
  }
  found.push(...lines.end());
  return found;
}

const read = (text: string | Buffer) =>
  linesOf(Buffer.from(text as string)).map(({ number, licenseKey, problem }) => [
    number,
    licenseKey ?? problem?.en,
  ]);

test.each<[string, string | Buffer, (string | number | undefined)[][]]>([
  [
    'LF',
    'a\nb\n',
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  [
    'no newline at the end',
    'a\nb',
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  [
    'CRLF and a byte order mark',
    '\ufeffa\r\nb\r\n',
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  [
    'blank lines',
    '\n\na\n \t\n\r\nb\n\n',
    [
      [3, 'a'],
      [6, 'b'],
    ],
  ],
  ['a byte order mark alone', '\ufeff', []],
  ['nothing', '', []],
  [
    '128 bytes, then 129',
    `${'x'.repeat(128)}\n${'x'.repeat(129)}\n`,
    [
      [1, 'x'.repeat(128)],
      [2, 'is longer than 128 bytes'],
    ],
  ],
  ['128 bytes after a byte order mark, before CRLF', `\ufeff${'x'.repeat(128)}\r\n`, [[1, 'x'.repeat(128)]]],
  ['43 signs of three bytes', '序'.repeat(43), [[1, 'is longer than 128 bytes']]],
  [
    'space around it',
    ' a\na \na b\n',
    [
      [1, 'has space around it'],
      [2, 'has space around it'],
      [3, 'a b'],
    ],
  ],
  [
    'NUL',
    'a\0b\nc',
    [
      [1, 'holds a NUL byte'],
      [2, 'c'],
    ],
  ],
  [
    'a control character, an old Mac file',
    'a\u0007\nb\rc\n',
    [
      [1, 'holds unprintable characters'],
      [2, 'holds unprintable characters'],
    ],
  ],
  [
    'a byte order mark in the middle',
    'a\n\ufeffb\n',
    [
      [1, 'a'],
      [2, 'has space around it'],
    ],
  ],
  [
    'GBK',
    Buffer.from([0x61, 0x0a, 0xd0, 0xf2, 0xc1, 0xd0, 0x0a]),
    [
      [1, 'a'],
      [2, 'is not UTF-8'],
    ],
  ],
  [
    'overlong and half signs',
    Buffer.from([0xc0, 0xaf, 0x0a, 0xe5, 0xba, 0x0a]),
    [
      [1, 'is not UTF-8'],
      [2, 'is not UTF-8'],
    ],
  ],
  ['the sign that stands for what cannot be decoded, by right', '\ufffd\n', [[1, '\ufffd']]],
  [
    'UTF-16',
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('ab\n', 'utf16le')]),
    [
      [1, 'is UTF-16; save the file as UTF-8'],
      [2, 'holds a NUL byte'],
    ],
  ],
])('%s', (_, text, expected) => {
  expect(read(text)).toEqual(expected);
});

test('a line of 2 MB in many chunks is one line that is too long, and the next is read', () => {
  const bytes = Buffer.from(`a\n${'x'.repeat(2_000_000)}\nb\n`);
  const cuts = Array.from({ length: 200 }, (_, index) => index * 10_000);
  expect(linesOf(bytes, cuts).map(({ number, end }) => [number, end])).toEqual([
    [1, 2],
    [2, 2_000_003],
    [3, 2_000_005],
  ]);
});

test('wherever chunks end, the lines are the same, and reading on from any of them gives the rest', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', '\r\n', '\ufeff', '\0', ' ', '序', 'SN-1', '\ufffd', 'x'.repeat(127)),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  const bytes = fc.oneof(
    fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(400), { maxLength: 12 }), (text, cuts) => {
      const whole = linesOf(text);
      expect(linesOf(text, cuts)).toEqual(whole);
      for (const { licenseKey } of whole)
        expect(licenseKey === undefined || isLicenseKey(licenseKey)).toBe(true);
      for (const [index, { end, number }] of whole.entries()) {
        const rest = new LicenseKeyLines({ position: end, line: number });
        expect([...rest.push(text.subarray(end)), ...rest.end()]).toEqual(whole.slice(index + 1));
      }
    }),
    { numRuns: 2000 },
  );
});
