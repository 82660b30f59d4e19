import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { createFileDurably, readTextFile, writeFileDurably } from '#core/host/files.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { codeOf } from '../../support/forge.ts';

const FILES = resolve('core/host/files.ts');
const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

test('a file is written whole, with its mode, and nothing is left beside it', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'a');
  writeFileDurably(file, 'one', 0o600);
  writeFileDurably(file, 'twö', 0o644);
  expect(readTextFile(file)).toBe('twö');
  expect(modeOf(file)).toBe('644');
  expect(readdirSync(folder)).toEqual(['a']);
});

test('the mode holds whatever the umask', () => {
  const folder = temporaryFolder();
  const script = `
    import { createFileDurably, writeFileDurably } from ${JSON.stringify(FILES)};
    process.umask(0o077);
    createFileDurably('created', 'x', 0o644);
    writeFileDurably('written', 'x', 0o640);
    process.umask(0);
    createFileDurably('secret', 'x', 0o600);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
  expect(['created', 'written', 'secret'].map((name) => modeOf(join(folder, name)))).toEqual([
    '644',
    '640',
    '600',
  ]);
});

test('creating never replaces: not a file, not a link that leads nowhere', async () => {
  const folder = temporaryFolder();
  createFileDurably(join(folder, 'a'), 'first', 0o600);
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'b'));
  for (const name of ['a', 'b']) {
    expect(await codeOf(() => createFileDurably(join(folder, name), 'second', 0o600))).toBe(
      'already_initialized',
    );
  }
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('first');
  expect(readdirSync(folder).sort()).toEqual(['a', 'b']);
});

test('what a process of the same id left when it died is no obstacle, and a link put there is not followed', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, `a.${process.pid}.new`), 'half');
  writeFileDurably(join(folder, 'a'), 'whole', 0o600);
  writeFileSync(join(folder, 'victim'), 'untouched');
  symlinkSync(join(folder, 'victim'), join(folder, `b.${process.pid}.new`));
  createFileDurably(join(folder, 'b'), 'whole', 0o600);
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('whole');
  expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('untouched');
  expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'victim']);
});

test('where the disk takes only a part, the old file stays and no half file appears', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'old'), 'as it was');
  const script = `
    import { createFileDurably, writeFileDurably } from ${JSON.stringify(FILES)};
    for (const write of [writeFileDurably, createFileDurably]) {
      try { write(write === writeFileDurably ? 'old' : 'new', 'x'.repeat(100_000), 0o600); console.log('written'); }
      catch (error) { console.log(error.code); }
    }`;
  // A limit of 8 KiB a file gives a short write first, as a disk does that fills up in the middle of one.
  const limited = `trap '' XFSZ; ulimit -f 8; exec "$0" --input-type=module -e "$1"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', limited, process.execPath, script], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout).toBe('file_unwritable\nfile_unwritable\n');
  expect(readFileSync(join(folder, 'old'), 'utf8')).toBe('as it was');
  expect(readdirSync(folder)).toEqual(['old']);
});

test('a missing folder, a file as folder and a folder as file are refused with reasons', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub', 'x'), '');
  for (const target of ['none/a', 'file/a', 'sub']) {
    expect(await codeOf(() => writeFileDurably(join(folder, target), 'x', 0o600)), target).toBe(
      'file_unwritable',
    );
  }
  expect(readdirSync(folder).sort()).toEqual(['file', 'sub']);
  for (const target of ['none', 'sub', 'file/a']) {
    expect(await codeOf(() => readTextFile(join(folder, target))), target).toBe('file_unreadable');
  }
});

test('a text file is read up to its bound', async () => {
  const file = join(temporaryFolder(), 'a');
  writeFileSync(file, 'x'.repeat(11));
  expect(readTextFile(file, 11)).toHaveLength(11);
  expect(await codeOf(() => readTextFile(file, 10))).toBe('file_unreadable');
});
