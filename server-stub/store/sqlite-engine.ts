import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { CompiledQuery, Kysely, SqliteDialect } from 'kysely';
import { LicenseError } from '#core/errors.ts';
import { openSqlite, type SqliteDatabase, sqliteError } from '#core/host/sqlite.ts';
import type { Engine } from './engine.ts';
import { rememberStatements } from './remember-statements.ts';
import type { Schema } from './schema.ts';
import { translateFaults } from './translate-faults.ts';

/** How long a write waits for another process's, in milliseconds, and how often it looks. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 10;
/** SQLite's own waiting stands still: enough for the moments in which a checkpoint or recovery holds all up. */
const BUSY_TIMEOUT_MS = 100;

const BEGIN = CompiledQuery.raw('begin immediate');

/** The store in one file beside the server: WAL, `synchronous=FULL`. */
export function sqliteEngine(file: string): Engine {
  const existed = existsSync(file);
  const database = lazily(() => openSqlite(file, { busyTimeoutMs: BUSY_TIMEOUT_MS }));
  const writer = sqliteKysely(file, database);
  const reader = sqliteKysely(file, () =>
    openSqlite(file, { readonly: true, busyTimeoutMs: BUSY_TIMEOUT_MS }),
  );
  return {
    name: 'sqlite',
    place: file,
    writer,
    reader,
    exists: async () => existed,
    begin: takeWriteLock,
    async backup(to) {
      try {
        // On the writer's own connection: what it writes meanwhile goes into the copy as well.
        await database().backup(to);
      } catch (cause) {
        throw sqliteError(to, cause as Error) ?? cause;
      }
    },
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}

/** Opened at the first query: Kysely closes only what it has used. */
function sqliteKysely(file: string, open: () => SqliteDatabase): Kysely<Schema> {
  const database = async () => rememberStatements(open());
  const dialect = translateFaults(new SqliteDialect({ database }), (cause) => sqliteError(file, cause));
  return new Kysely<Schema>({ dialect });
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * Kysely's own transaction() begins deferred; a write behind another connection would then fail late. Waiting for
 * another process is done here, not in SQLite, so that the server goes on.
 */
async function takeWriteLock(connection: Kysely<Schema>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await connection.executeQuery(BEGIN);
      return;
    } catch (cause) {
      if (!isBusy(cause) || performance.now() > deadline) throw cause;
      await setTimeout(LOOK_MS);
    }
  }
}

function isBusy(cause: unknown): boolean {
  return cause instanceof LicenseError && cause.code === 'store_busy';
}
