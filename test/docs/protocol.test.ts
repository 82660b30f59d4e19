import { expect, test } from 'vitest';
import { DENIAL_CODES, isEnding } from '#core/documents/license-denial.ts';
import { evaluate, STATES } from '#core/evaluate.ts';
import { readPage } from './pages.ts';

const PAGES = ['docs/protocol.md', 'docs/protocol.zh.md'];

/** Rows of the tables whose first cell is a code: the cells after it, by that code. */
function rowsOf(name: string): { code: string; cells: string[] }[] {
  return readPage(name).prose.flatMap((line) => {
    const [, code, rest = ''] = /^\| `([a-z_]+)` \| (.+) \|$/.exec(line) ?? [];
    return code === undefined ? [] : [{ code, cells: rest.split(' | ') }];
  });
}

test.each(PAGES)('%s tells of every state', (name) => {
  const codes = rowsOf(name).map(({ code }) => code);
  expect(STATES.filter((state) => !codes.includes(state))).toEqual([]);
});

test.each(PAGES)('%s tells of every denial what state and reason follow', (name) => {
  const rows = rowsOf(name).filter(({ cells }) => cells.length === 3);
  for (const code of DENIAL_CODES) {
    const row = rows.find((candidate) => candidate.code === code);
    if (!isEnding(code) && code !== 'suspended') {
      // What was held stays: state and reason are the ones before.
      expect(row?.cells[0], code).toBe(row?.cells[1]);
      continue;
    }
    // Denial and time are all that evaluate looks at here; a token of any content stands behind `suspended`.
    const reasons = { released: 1, transferred: 1, different_device: 5, suspended: 1 } as const;
    expect(row?.cells.slice(0, 2), code).toEqual([`\`${code}\``, String(reasons[code])]);
  }
});

test('the reasons that the tables give are those of evaluate', () => {
  const time = { now: 1000, confirmed: 1000 };
  const denied = (code: 'released' | 'transferred' | 'different_device') =>
    evaluate({ denial: { code, iat: 1 } as never, fingerprint: {} }, time).reason;
  const byPage = (state: string) => rowsOf('docs/protocol.md').find(({ code }) => code === state)?.cells[0];
  expect(byPage('released')).toBe(String(denied('released')));
  expect(byPage('transferred')).toBe(String(denied('transferred')));
  expect(byPage('different_device')).toBe(String(denied('different_device')));
  expect(byPage('unlicensed')).toBe(String(evaluate({ fingerprint: {} }, time).reason));
  expect(byPage('invalid')).toBe(
    String(evaluate({ fingerprint: {}, fault: 'signature_invalid' }, time).reason),
  );
});
