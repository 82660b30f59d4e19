import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { migrate, openSqlite, requireKnownSchema, sqliteError, translating } from '#core/host/sqlite.ts';
import { asNobody } from '../../support/as-nobody.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { codeOf } from '../../support/forge.ts';

const MIGRATIONS = ['CREATE TABLE t (a TEXT) STRICT', 'ALTER TABLE t ADD COLUMN b TEXT'];

function open(file: string, options = {}) {
  const database = openSqlite(file, options);
  onTestFinished(() => void database.close());
  return database;
}

/** A store with 1,000 rows, closed. */
function store(folder = temporaryFolder()): string {
  const file = join(folder, 'x.db');
  const database = openSqlite(file);
  migrate(database, MIGRATIONS);
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)');
  database.transaction(() => {
    for (let i = 0; i < 1000; i++) insert.run(`row ${i}`, 'x'.repeat(50));
  })();
  database.close();
  return file;
}

test('a commit is durable when it returns, and references are enforced', () => {
  const database = open(store());
  expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(database.pragma('synchronous', { simple: true })).toBe(2);
  expect(database.pragma('foreign_keys', { simple: true })).toBe(1);
});

describe('migrations', () => {
  test('run once, in order, from wherever the store stands', () => {
    const file = join(temporaryFolder(), 'x.db');
    migrate(open(file), MIGRATIONS.slice(0, 1));
    migrate(open(file), MIGRATIONS);
    migrate(open(file), MIGRATIONS);
    expect(requireKnownSchema(open(file), 2)).toBe(2);
    open(file).exec("INSERT INTO t VALUES ('a', 'b')");
  });

  test('all or none', () => {
    const database = open(join(temporaryFolder(), 'x.db'));
    expect(() => migrate(database, [...MIGRATIONS, 'nonsense'])).toThrow();
    expect(requireKnownSchema(database, 3)).toBe(0);
    migrate(database, MIGRATIONS);
  });

  test('that another process ran in the meantime are not run again', () => {
    const file = join(temporaryFolder(), 'x.db');
    const mine = open(file);
    // The other one migrates between our look at the version and our lock.
    const transaction = mine.transaction.bind(mine);
    mine.transaction = ((work: () => void) => {
      migrate(open(file), MIGRATIONS);
      return transaction(work);
    }) as typeof mine.transaction;
    migrate(mine, MIGRATIONS);
    expect(requireKnownSchema(mine, 2)).toBe(2);
  });

  test('a store of a newer program is refused and not touched', async () => {
    const file = store();
    const database = open(file);
    database.pragma('user_version = 7');
    database.pragma(`application_id = ${0x4c41_0007}`);
    database.pragma('wal_checkpoint(TRUNCATE)');
    const before = readFileSync(file);
    expect(await codeOf(() => migrate(open(file), MIGRATIONS))).toBe('store_newer');
    expect(await codeOf(() => requireKnownSchema(open(file, { readonly: true }), 2))).toBe('store_newer');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('a version that no program wrote is damage', async () => {
    const file = store();
    const database = open(file);
    database.pragma('user_version = -2147483646');
    database.pragma('application_id = 0');
    expect(await codeOf(() => migrate(database, MIGRATIONS))).toBe('store_damaged');
  });
});

describe('damage', () => {
  test.each<[string, (file: string) => void]>([
    [
      'text',
      (file) => writeFileSync(file, 'this is no database, and it is long enough to be looked at'.repeat(99)),
    ],
    ['random bytes in the header', (file) => overwrite(file, 0, Buffer.alloc(100, 0xa5))],
    ['a wrong page size', (file) => overwrite(file, 16, Buffer.from([0x12, 0x34]))],
    ['a format of the future', (file) => overwrite(file, 18, Buffer.from([9, 9]))],
  ])('%s is found when the store is opened', async (_, damage) => {
    const file = store();
    damage(file);
    expect(await codeOf(() => open(file))).toBe('store_damaged');
    expect(await codeOf(() => open(file, { readonly: true }))).toBe('store_damaged');
  });

  test.each<[string, (file: string) => void]>([
    ['a page of other bytes', (file) => overwrite(file, 4096, Buffer.alloc(4096 * 8, 0xa5))],
    ['a file cut in the middle of a page', (file) => truncateSync(file, 4096 * 3 + 100)],
  ])('%s is found by who reads it', async (_, damage) => {
    const file = store();
    damage(file);
    const code = await codeOf(() => {
      const database = open(file);
      translating(file, () => database.prepare('SELECT * FROM t').all());
    });
    expect(code).toBe('store_damaged');
  });

  test('an empty file is a store without a schema', () => {
    const file = join(temporaryFolder(), 'x.db');
    writeFileSync(file, '');
    expect(requireKnownSchema(open(file), 2)).toBe(0);
  });
});

describe('a file that cannot be opened', () => {
  test('a missing folder, a missing file to look at, a folder', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'x.db'));
    expect(await codeOf(() => open(join(folder, 'none', 'y.db')))).toBe('store_unwritable');
    expect(await codeOf(() => open(join(folder, 'y.db'), { readonly: true }))).toBe('store_unwritable');
    expect(existsSync(join(folder, 'y.db'))).toBe(false);
    expect(await codeOf(() => open(join(folder, 'x.db')))).toBe('store_unreadable');
  });

  test('a second writer waits its time and is told that the store is busy', () => {
    const error = sqliteError(
      'x.db',
      Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' }),
    );
    expect(error).toMatchObject({ code: 'store_busy' });
  });

  test.each([
    ['SQLITE_FULL', 'store_full'],
    ['SQLITE_CORRUPT_INDEX', 'store_damaged'],
    ['SQLITE_NOTADB', 'store_damaged'],
    ['SQLITE_BUSY_SNAPSHOT', 'store_busy'],
    ['SQLITE_LOCKED', 'store_busy'],
    ['SQLITE_READONLY', 'store_unwritable'],
    ['SQLITE_IOERR_WRITE', 'store_unwritable'],
    ['SQLITE_CONSTRAINT_CHECK', undefined],
  ])('%s is %s', (code, ours) => {
    expect(sqliteError('x.db', Object.assign(new Error('m'), { code }))?.code).toBe(ours);
  });

  test('a fault that is not one of the file passes through', () => {
    const database = open(store());
    expect(() => translating('x', () => database.exec('SELECT nothing'))).toThrow(Database.SqliteError);
    expect(sqliteError('x', new Error('m'))).toBeUndefined();
    expect(sqliteError('x', 'text')).toBeUndefined();
  });

  test('a disk without room says so, and what was there stays', async () => {
    const file = store();
    const database = open(file);
    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages}`);
    const code = await codeOf(() =>
      translating(file, () => database.prepare('INSERT INTO t VALUES (?, ?)').run('x'.repeat(100_000), '')),
    );
    expect(code).toBe('store_full');
    expect(database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 1000 });
  });
});

// Root reads and writes everything, so this is tried as nobody, whom only root can become: without root it is
// left out, and fails in continuous integration, where nothing is skipped silently.
describe.runIf(process.getuid?.() === 0 || process.env['CI'] === 'true')('another user', () => {
  function readByNobody(file: string, options: object): string {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const script = `
      import { openSqlite } from ${JSON.stringify(resolve('core/host/sqlite.ts'))};
      try {
        const database = openSqlite(${JSON.stringify(file)}, ${JSON.stringify(options)});
        console.log(database.prepare('SELECT count(*) AS n FROM t').get().n);
      } catch (error) { console.log(error.code); }`;
    const [program, args] = asNobody([process.execPath, '--input-type=module', '-e', script]);
    return execFileSync(program, args, { cwd: folder, encoding: 'utf8' }).trim();
  }

  function openStore(): { folder: string; file: string } {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const file = store(folder);
    chmodSync(file, 0o644);
    return { folder, file };
  }

  test('who may read neither file nor folder is told that he may not', () => {
    const { folder, file } = openStore();
    chmodSync(file, 0o600);
    expect(readByNobody(file, { readonly: true })).toBe('store_unreadable');
    chmodSync(file, 0o644);
    chmodSync(folder, 0o700);
    expect(readByNobody(file, { readonly: true })).toBe('store_unreadable');
    expect(readByNobody(join(folder, 'sub', 'x.db'), { readonly: true })).toBe('store_unreadable');
  });

  test('a reader where no writer is at work and the folder is closed may not either', () => {
    const { file } = openStore();
    expect(readByNobody(file, { readonly: true })).toBe('store_unreadable');
  });

  test('a reader beside a writer reads', () => {
    const { file } = openStore();
    const database = open(file);
    database.exec("INSERT INTO t VALUES ('x', 'y')");
    chmodSync(`${file}-wal`, 0o644);
    chmodSync(`${file}-shm`, 0o644);
    expect(readByNobody(file, { readonly: true })).toBe('1001');
  });

  test('a writer without rights is told that the store cannot be written', () => {
    const { folder, file } = openStore();
    expect(readByNobody(file, {})).toBe('store_unwritable');
    expect(readByNobody(join(folder, 'new.db'), {})).toBe('store_unwritable');
  });
});

function overwrite(file: string, at: number, bytes: Buffer): void {
  const content = readFileSync(file);
  bytes.copy(content, at);
  writeFileSync(file, content);
}
