import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createKeyFile, readKeyFile, readOrCreateKeyFile, readSecretFile } from '#core/host/key-file.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { codeOf } from '../../support/forge.ts';

test('a key file is made once, 0600, and read again', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'device.key');
  const made = readOrCreateKeyFile(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readOrCreateKeyFile(file).thumbprint).toBe(made.thumbprint);
  expect(readdirSync(folder)).toEqual(['device.key']);
});

test('a key file is never made over another', async () => {
  const file = join(temporaryFolder(), 'device.key');
  const { thumbprint } = createKeyFile(file);
  expect(await codeOf(() => createKeyFile(file))).toBe('already_initialized');
  expect(readKeyFile(file).thumbprint).toBe(thumbprint);
});

test.each([0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o660, 0o666, 0o777])(
  'mode %o is refused, as ssh does',
  async (mode) => {
    const file = join(temporaryFolder(), 'device.key');
    createKeyFile(file);
    chmodSync(file, mode);
    expect(await codeOf(() => readKeyFile(file))).toBe('key_file_permissions');
    expect(await codeOf(() => readSecretFile(file))).toBe('key_file_permissions');
    expect(await codeOf(() => readOrCreateKeyFile(file))).toBe('key_file_permissions');
  },
);

test.each([0o600, 0o400, 0o700])('mode %o is fine', async (mode) => {
  const file = join(temporaryFolder(), 'device.key');
  createKeyFile(file);
  chmodSync(file, mode);
  expect(await codeOf(() => readKeyFile(file))).toBe('accepted');
});

test('a link to a file that others may read is refused like the file', async () => {
  const folder = temporaryFolder();
  createKeyFile(join(folder, 'open.key'));
  chmodSync(join(folder, 'open.key'), 0o644);
  symlinkSync(join(folder, 'open.key'), join(folder, 'device.key'));
  expect(await codeOf(() => readKeyFile(join(folder, 'device.key')))).toBe('key_file_permissions');
});

test('a damaged, empty or missing key file is refused and stays as it was', async () => {
  const folder = temporaryFolder();
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });
  write('empty', '');
  write('text', 'not a key');
  write('large', 'x'.repeat(70_000));
  mkdirSync(join(folder, 'folder'));
  expect(await codeOf(() => readOrCreateKeyFile(join(folder, 'empty')))).toBe('key_malformed');
  expect(await codeOf(() => readOrCreateKeyFile(join(folder, 'text')))).toBe('key_malformed');
  expect(await codeOf(() => readKeyFile(join(folder, 'large')))).toBe('file_unreadable');
  expect(await codeOf(() => readKeyFile(join(folder, 'folder')))).toBe('file_unreadable');
  expect(await codeOf(() => readKeyFile(join(folder, 'none')))).toBe('file_unreadable');
  expect(statSync(join(folder, 'empty')).size).toBe(0);
});
