import { accessSync, constants, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { asQuoted, codeOf, reasonOf } from '#core/host/reason.ts';
import {
  migrate,
  openSqlite,
  requireKnownSchema,
  type SqliteDatabase,
  translating,
} from '#core/host/sqlite.ts';
import { migrations } from './schema.ts';

/**
 * Opens the daemon's database for writing, made or brought up to date where needed.
 *
 * @throws `store_damaged`, `store_newer`, `store_unwritable`, `store_unreadable`, `store_full`, `store_busy`
 */
export function openDatabase(file: string): SqliteDatabase {
  const database = openSqlite(file);
  try {
    translating(file, () => migrate(database, migrations));
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/**
 * Opens an existing database to look at it: schema known, structure sound; undefined where there is none. That of an
 * older program is brought up to date in memory: a command must not write.
 *
 * @throws `store_damaged`, `store_newer`, `store_unreadable`
 */
export function inspectDatabase(file: string): SqliteDatabase | undefined {
  if (!isPresent(file)) return undefined;
  const database = openSqlite(file, { readonly: true });
  try {
    return translating(file, () => {
      const version = requireKnownSchema(database, migrations.length);
      const problem = database.pragma('quick_check(1)', { simple: true });
      if (problem !== 'ok')
        throw new LicenseError('store_damaged', { file, problem: asQuoted(String(problem)) });
      if (version === migrations.length) return database;
      const copy = version > 0 ? copyInMemory(database) : undefined;
      database.close();
      return copy;
    });
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function copyInMemory(database: SqliteDatabase): SqliteDatabase {
  const copy = new Database(database.serialize());
  migrate(copy, migrations);
  return copy;
}

/** Moves a damaged database aside and starts a new one, which remembers that. */
export function startAnew(file: string, now: EpochSeconds): SqliteDatabase {
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.damaged-${now}${suffix}`);
  }
  const database = openDatabase(file);
  database.prepare('UPDATE device SET damaged_at = ? WHERE id = 1').run(now);
  return database;
}

/**
 * Opens a copy of a database that lies on a disk which takes no writes: what is held is licensed all the same. The copy
 * of an earlier start is gone on with, as long as its folder, /run, lives.
 *
 * @throws `store_unwritable` and others where nothing takes writes
 */
export function openCopy(file: string, copy: string): SqliteDatabase {
  try {
    if (existsSync(copy)) return openDatabase(copy);
  } catch (thrown) {
    if (!isDamage(thrown)) throw thrown;
    removeCopy(copy);
  }
  for (const suffix of ['-wal', ''])
    if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix);
  return openDatabase(copy);
}

export function removeCopy(copy: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
}

/** Whether a fault is one of a disk that takes no writes, while the file itself may be read. */
export function isDiskUnwritable(file: string, thrown: unknown): boolean {
  if (!(thrown instanceof LicenseError) || !/^store_(unwritable|unreadable|full)$/.test(thrown.code))
    return false;
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a fault is one of the file, which a new one heals. */
export function isDamage(thrown: unknown): boolean {
  return thrown instanceof LicenseError && thrown.code === 'store_damaged';
}

/** A folder that may not be looked into is something else than a store that is not there. */
function isPresent(file: string): boolean {
  try {
    statSync(file);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false;
    throw new LicenseError('store_unreadable', { file, problem: reasonOf(cause) }, { cause });
  }
}
