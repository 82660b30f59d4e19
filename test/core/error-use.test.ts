import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorTable } from '#core/error-table.ts';

const ROOT = join(import.meta.dirname, '../..');

function textOf(folders: readonly string[], except: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !except.some((name) => file.endsWith(name)))
        .map((file) => readFileSync(join(ROOT, folder, file), 'utf8')),
    )
    .join('\n');
}

const namedIn = (text: string) => (code: string) => new RegExp(`['"\` \\[]${code}\\b`).test(text);

test('every error code is thrown by the programs, and no test is silent about it', () => {
  const codes = Object.keys(errorTable);
  const sources = namedIn(textOf(['core', 'agent', 'server-stub'], ['error-table.ts']));
  const tests = namedIn(textOf(['test'], ['error-use.test.ts']));
  expect(codes.filter((code) => !sources(code))).toEqual([]);
  expect(codes.filter((code) => !tests(code))).toEqual([]);
});
