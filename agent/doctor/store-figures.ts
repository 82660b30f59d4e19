import { statSync } from 'node:fs';
import { openSqlite, type SqliteDatabase } from '#core/host/sqlite.ts';
import { migrations } from '../store/schema.ts';

/** What a store is made of, without what stands in it. */
export interface StoreFigures {
  readonly bytes: number;
  readonly schemaVersion: number;
  /** The one that this program writes. */
  readonly knownSchemaVersion: number;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Requests that an answer may come for. */
  readonly pending: readonly {
    readonly purpose: string;
    readonly channel: string;
    readonly madeAt: number;
  }[];
}

/** As many requests as tell something. */
const MOST_PENDING = 20;

/** Figures of a store; undefined where they cannot be had, which others say better. */
export function storeFigures(file: string): StoreFigures | undefined {
  let database: SqliteDatabase | undefined;
  try {
    database = openSqlite(file, { readonly: true });
    return {
      bytes: statSync(file).size,
      schemaVersion: Number(database.pragma('user_version', { simple: true })),
      knownSchemaVersion: migrations.length,
      rows: rowsOf(database),
      pending: pendingIn(database),
    };
  } catch {
    return undefined;
  } finally {
    database?.close();
  }
}

function rowsOf(database: SqliteDatabase): Record<string, number> {
  const names = database
    .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .pluck()
    .all()
    // Of a file of unknown origin: a name that is one, and nothing that would be read as SQL.
    .filter((name) => /^[a-z_]{1,64}$/.test(name));
  return Object.fromEntries(
    names.map((name) => [name, Number(database.prepare(`SELECT count(*) FROM "${name}"`).pluck().get())]),
  );
}

function pendingIn(database: SqliteDatabase): StoreFigures['pending'] {
  return database
    .prepare<[], StoreFigures['pending'][number]>(
      `SELECT purpose, channel, made_at AS madeAt FROM pending_request ORDER BY rowid DESC LIMIT ${MOST_PENDING}`,
    )
    .all();
}
