import { describe, expect, test } from 'vitest';
import { table } from '#core/host/table.ts';

describe('a table', () => {
  test('has aligned columns, numbers to the right, whatever the script', () => {
    expect(
      table([
        ['App', 'Used', 'Until'],
        ['课堂', 7, '2026'],
        ['Classroom', 100, '2027'],
      ]),
    ).toBe(['App        Used  Until', '课堂          7  2026', 'Classroom   100  2027', ''].join('\n'));
  });

  test('counts accents that stand on the letter before them, and symbols, as a terminal shows them', () => {
    const rows = [
      ['e\u0301cole', '|'],
      ['\u{1f600}', '|'],
      ['123456', '|'],
    ];
    expect(table(rows)).toBe('e\u0301cole   |\n\u{1f600}      |\n123456  |\n');
  });

  test('folds what a terminal is too narrow for, never inside of a cell', () => {
    const rows = [
      ['ID', 'State', 'Company'],
      ['0123456789', 'in force', 'Example School'],
      ['9876543210', 'revoked', 'Another School'],
    ];
    expect(table(rows, { columns: 36 }).split('\n')).toHaveLength(4);
    expect(table(rows, { columns: 35 })).toBe(
      `ID          State
    Company
0123456789  in force
    Example School
9876543210  revoked
    Another School
`,
    );
    expect(table(rows, { columns: 5 })).toContain('    Example School\n');
    expect(table(rows, { columns: undefined }).split('\n')).toHaveLength(4);
  });

  test.each([
    ['a line break', 'a\nb', 'a\\u{a}b'],
    ['an escape sequence', '\u001b[2J', '\\u{1b}[2J'],
    ['a right-to-left override', '\u202eabc', '\\u{202e}abc'],
    ['a zero-width joiner', 'a\u200db', 'a\\u{200d}b'],
    ['a private character', '\ue000', '\\u{e000}'],
  ])('shows %s for what it is', (_, text, shown) => {
    expect(table([[text]])).toBe(`${shown}\n`);
  });
});
