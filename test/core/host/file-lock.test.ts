import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withFileLock } from '#core/host/file-lock.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { throwsWithCode } from '../../support/throws.ts';

const MODULE = join(import.meta.dirname, '../../../core/host/file-lock.ts');

test('another process waits for its turn; what a killed one held is free at once', async () => {
  const file = join(temporaryFolder(), 'lock');
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `const { withFileLock } = await import(${JSON.stringify(MODULE)});
       const { writeSync } = await import('node:fs');
       withFileLock(${JSON.stringify(file)}, () => {
         writeSync(1, 'held');
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
       });`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(holder.stdout, 'data');
  await throwsWithCode(() => withFileLock(file, () => 'mine'), 'store_busy');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(withFileLock(file, () => 'mine')).toBe('mine');
  expect(readFileSync(file, 'utf8')).toBe('');
});

test('is given back when the work fails, and its own fault comes through', async () => {
  const file = join(temporaryFolder(), 'lock');
  const fault = new Error('of the work');
  expect(() =>
    withFileLock(file, () => {
      throw fault;
    }),
  ).toThrow(fault);
  expect(withFileLock(file, () => 1)).toBe(1);
});

test('says that it cannot be made in a folder that may not be written to', async () => {
  const file = join(temporaryFolder(), 'missing/lock');
  await throwsWithCode(() => withFileLock(file, () => undefined), 'file_unwritable');
  expect(existsSync(file)).toBe(false);
});
