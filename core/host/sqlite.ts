import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { type Bilingual, LicenseError } from '../errors.ts';
import { codeOf, reasonOf } from './reason.ts';

export type SqliteDatabase = Database.Database;

export interface OpenSqliteOptions {
  /** Only look: the file must exist, and nothing is created or repaired. */
  readonly?: boolean;
  /** How long SQLite itself waits for another writer, in milliseconds; the process stands still meanwhile. */
  busyTimeoutMs?: number;
}

/** How long a writer waits for another, in milliseconds. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens a SQLite file the way the product keeps its state: WAL, `synchronous=FULL` (a commit is durable when it
 * returns), foreign keys enforced.
 *
 * @throws `store_damaged`, `store_unwritable`, `store_unreadable`, `store_busy`, `store_full`
 */
export function openSqlite(
  file: string,
  { readonly = false, busyTimeoutMs = BUSY_TIMEOUT_MS }: OpenSqliteOptions = {},
): SqliteDatabase {
  // better-sqlite3 throws a TypeError without a code where the folder is missing.
  const folderFault = faultOf(dirname(file));
  if (folderFault !== undefined) throw absent(file, folderFault);
  return translating(file, () => {
    const database = new Database(file, { readonly, fileMustExist: readonly, timeout: busyTimeoutMs });
    try {
      if (!readonly) {
        database.pragma('journal_mode = WAL');
        database.pragma('synchronous = FULL');
        database.pragma('foreign_keys = ON');
      }
      // Reads the header and the first page, so that a damaged file is found here and not in the middle of work.
      database.pragma('schema_version');
      return database;
    } catch (cause) {
      database.close();
      // A reader of a WAL database needs its index: made by a writer at work, or by itself in a folder it may
      // write to. Without either it is the reader who lacks a right; nobody wanted to write.
      if (readonly && /^SQLITE_READONLY/.test(codeOf(cause) ?? '')) {
        throw new LicenseError('store_unreadable', { file, problem: problemOf(cause as Error) }, { cause });
      }
      throw cause;
    }
  });
}

/** Runs work on a SQLite file and gives its faults our codes. */
export function translating<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw sqliteError(file, cause) ?? cause;
  }
}

/** The LicenseError of a SQLite fault, or undefined where the fault is not one of the file. */
export function sqliteError(file: string, cause: unknown): LicenseError | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  const code = String(cause.code);
  const problem = problemOf(cause);
  if (/^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(code) || isOfAnotherShape(code, cause.message))
    return new LicenseError('store_damaged', { file, problem }, { cause });
  if (code === 'SQLITE_FULL') return new LicenseError('store_full', {}, { cause });
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return new LicenseError('store_busy', { file }, { cause });
  if (/^SQLITE_(READONLY|PERM|AUTH|IOERR)/.test(code))
    return new LicenseError('store_unwritable', { file, problem }, { cause });
  if (/^SQLITE_CANTOPEN/.test(code)) return absent(file, faultOf(file) ?? cause);
  return undefined;
}

/** Sound as a file, and yet not the tables that were made in it: somebody's edit, or a bit of the header. */
function isOfAnotherShape(code: string, message: string): boolean {
  return code === 'SQLITE_ERROR' && /^no such (table|column)|already exists$|has no column/.test(message);
}

/** What SQLite says of its file, in its own English words or ours; its code, which is the more exact, in both. */
function problemOf(fault: Error): Bilingual {
  const code = codeOf(fault) ?? '';
  const [, kind = ''] = /^SQLITE_([A-Z]+)/.exec(code) ?? [];
  return { en: `${fault.message} (${code})`, zh: `${FAULTS_ZH[kind] ?? '无法使用'}（${code}）` };
}

const FAULTS_ZH: Readonly<Record<string, string>> = {
  CORRUPT: '内容已损坏',
  NOTADB: '不是数据库文件',
  FORMAT: '格式不受支持',
  READONLY: '只读',
  PERM: '权限不足',
  AUTH: '未获授权',
  IOERR: '磁盘读写错误',
};

/** The error of a file that cannot be opened; the fault tells whether it is missing or hidden from this user. */
function absent(file: string, fault: unknown): LicenseError {
  const code = codeOf(fault) === 'ENOENT' ? 'store_unwritable' : 'store_unreadable';
  return new LicenseError(code, { file, problem: reasonOf(fault) }, { cause: fault });
}

function faultOf(path: string): unknown {
  try {
    statSync(path);
    return undefined;
  } catch (fault) {
    return fault;
  }
}

/** "LA": whose file it is. In its lower half the schema version stands again: one flipped bit does not change both. */
const APPLICATION_ID = 0x4c41_0000;

/**
 * Brings a store to this program's schema: `migrations[n]` leads from `user_version` n to n + 1, all of them in
 * one transaction.
 *
 * @throws `store_newer` where the file was written by a newer program, `store_damaged`; it is not touched
 */
export function migrate(database: SqliteDatabase, migrations: readonly string[]): void {
  if (isMarked(database, migrations.length)) return;
  database
    .transaction(() => {
      // Asked again under the write lock: another process may have migrated in the meantime.
      const found = requireKnownSchema(database, migrations.length);
      for (const migration of migrations.slice(found)) database.exec(migration);
      database.pragma(`user_version = ${migrations.length}`);
      database.pragma(`application_id = ${APPLICATION_ID + migrations.length}`);
    })
    .immediate();
}

/**
 * The schema version of a store.
 *
 * @throws `store_newer`, `store_damaged` where it is no version at all
 */
export function requireKnownSchema(database: SqliteDatabase, known: number): number {
  const found = Number(database.pragma('user_version', { simple: true }));
  const again = Number(database.pragma('application_id', { simple: true })) - APPLICATION_ID;
  const possible = [found, again].filter((version) => version >= 0 && version <= known);
  if (again > 0 && again <= 0xffff && possible.length > 0) return Math.max(...possible);
  if (found > known) throw new LicenseError('store_newer', { file: database.name, found, known });
  if (found < 0) {
    const problem = { en: `schema version ${found}`, zh: `结构版本为 ${found}` };
    throw new LicenseError('store_damaged', { file: database.name, problem });
  }
  return found;
}

/** Whether the schema version stands in both places. */
function isMarked(database: SqliteDatabase, version: number): boolean {
  requireKnownSchema(database, version);
  return (
    database.pragma('user_version', { simple: true }) === version &&
    database.pragma('application_id', { simple: true }) === APPLICATION_ID + version
  );
}
