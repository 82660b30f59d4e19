import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { errorTable } from '#core/error-table.ts';
import { IDENTITY_WARNINGS } from '../../agent/identity-warnings.ts';
import { allPages, ROOT, readPage, spansOf } from './pages.ts';

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

/** Spans that look like error codes and are names of others. */
const NO_CODES = new Set(
  'http_proxy https_proxy no_proxy pg_dump synchronous_commit license_err_reason_e'.split(' '),
);

test.each(allPages())('$name names no error or warning code that does not exist', (page) => {
  const named = spansOf(page).filter((span) => /^[a-z]+(_[a-z0-9]+)+$/.test(span) && !NO_CODES.has(span));
  expect(
    named.filter((code) => ![errorTable, IDENTITY_WARNINGS].some((codes) => Object.hasOwn(codes, code))),
  ).toEqual([]);
});

test.each(['README.md', 'README.zh.md'])('%s names only error codes that exist', (name) => {
  const { prose } = readPage(name);
  const rows = prose.filter((line) => /^\| `[a-z]+(_[a-z]+)+` \|/.test(line));
  const codes = rows.map((row) => /`([a-z_]+)`/.exec(row)?.[1] ?? '');
  expect(codes.length).toBeGreaterThan(5);
  expect(codes.filter((code) => !Object.hasOwn(errorTable, code))).toEqual([]);
});
