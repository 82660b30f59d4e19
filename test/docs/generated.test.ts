import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { errorTable } from '#core/error-table.ts';
import { ROOT, readPage, spansOf } from './pages.ts';

test('errors and configuration pages are what the code says; npm run docs makes them anew', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/make-docs.ts', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

test.each(['docs/errors.md', 'docs/errors.zh.md'])('%s documents every error code', (name) => {
  const documented = new Set(spansOf(readPage(name)));
  expect(Object.keys(errorTable).filter((code) => !documented.has(code))).toEqual([]);
});

test.each(['README.md', 'README.zh.md'])('%s names only error codes that exist', (name) => {
  const { prose } = readPage(name);
  const rows = prose.filter((line) => /^\| `[a-z]+(_[a-z]+)+` \|/.test(line));
  const codes = rows.map((row) => /`([a-z_]+)`/.exec(row)?.[1] ?? '');
  expect(codes.length).toBeGreaterThan(5);
  expect(codes.filter((code) => !Object.hasOwn(errorTable, code))).toEqual([]);
});
