import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { errorTable } from '#core/error-table.ts';
import { temporaryFolder } from '../support/folder.ts';
import { codeOf } from '../support/forge.ts';
import { runners } from './runners.ts';

interface Vector {
  readonly name: string;
  readonly valid: boolean;
  readonly code?: string;
  readonly [input: string]: unknown;
}
interface VectorFile {
  readonly description: string;
  readonly keys?: Record<string, Record<string, string>>;
  readonly cases: readonly Vector[];
}

const FOLDER = resolve('test/vectors');
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));
const read = (name: string): VectorFile => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));

test('every published file is run, and every runner has its file', () => {
  expect(names.toSorted()).toEqual(Object.keys(runners).toSorted());
});

test('making the vectors again gives the same bytes', () => {
  const out = temporaryFolder();
  execFileSync(process.execPath, ['scripts/make-vectors.ts', '--out', out], { stdio: 'ignore' });
  expect(readdirSync(out).toSorted()).toEqual(names.map((name) => `${name}.json`).toSorted());
  for (const name of names) {
    const file = `${name}.json`;
    expect(readFileSync(join(out, file)).equals(readFileSync(join(FOLDER, file))), file).toBe(true);
  }
});

describe.each(names)('%s.json', (name) => {
  const { description, cases, keys = {} } = read(name);
  const run = runners[name];

  test('says what it is about; names are told apart; codes are those of the error table', () => {
    expect(description.length).toBeGreaterThan(40);
    expect(new Set(cases.map((vector) => vector.name)).size).toBe(cases.length);
    expect(cases.some((vector) => vector.valid)).toBe(true);
    for (const vector of cases) {
      if (vector.valid) expect(vector).not.toHaveProperty('code');
      else expect(Object.keys(errorTable)).toContain(vector.code);
    }
  });

  test.each(cases.map((vector) => [vector.name, vector] as const))('%s', async (_, vector) => {
    if (run === undefined) throw new Error(`no runner for ${name}`);
    if (!vector.valid) return expect(await codeOf(() => run(vector, keys))).toBe(vector.code);
    const stated = JSON.parse(JSON.stringify(await run(vector, keys)));
    for (const [member, value] of Object.entries(stated)) expect(vector[member], member).toEqual(value);
  });
});
