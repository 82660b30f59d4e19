import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { CompiledQuery, Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { codeOf } from '#core/host/files.ts';
import { openSqlite, sqliteError } from '#core/host/sqlite.ts';
import { AuditTrail } from './audit.ts';
import { knownMigrations, migrations } from './migrations.ts';
import { rememberStatements } from './remember-statements.ts';
import type { Schema } from './schema.ts';

/** Queries inside one write transaction, and the audit trail that is committed with it. */
export interface Transaction {
  readonly db: Kysely<Schema>;
  readonly audit: AuditTrail;
}

/** The license server's store: one writer at a time, readers beside it. */
export interface Store {
  /** Reads, beside the writer: a connection that cannot write. */
  readonly reader: Kysely<Schema>;
  /**
   * Runs work in one transaction, its audit rows inside, and resolves once the commit is durable.
   *
   * @param now the wall clock; the work reads the company's time from `audit.timeOf`
   * @throws `store_full`, `store_busy`, `store_damaged`, `store_unwritable`; whatever the work throws
   */
  write<T>(now: EpochSeconds, work: (transaction: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface OpenStoreOptions {
  /** Make it where it is missing: init alone. An empty store in the place of a lost one would sell every seat again. */
  create?: boolean;
}

/**
 * Opens the store on SQLite (WAL, `synchronous=FULL`) and brings its schema up to date.
 *
 * @throws `store_missing`; `store_newer` where a newer program wrote it (nothing is touched), `store_damaged`, `store_unwritable`
 */
export async function openStore(file: string, { create = false }: OpenStoreOptions = {}): Promise<Store> {
  if (!create && !existsSync(file)) throw new LicenseError('store_missing', { file });
  const writer = sqliteKysely(file, false);
  try {
    await bringUpToDate(writer, file);
  } catch (cause) {
    await writer.destroy();
    throw sqliteError(file, cause) ?? cause;
  }
  const reader = sqliteKysely(file, true);

  return {
    reader,
    async write(now, work) {
      try {
        return await writer.connection().execute(async (db) => {
          // Kysely's own transaction() begins deferred; a write behind another connection would then fail late.
          await begin(db);
          try {
            const audit = new AuditTrail(db, now);
            const result = await work({ db, audit });
            await audit.flush();
            await db.executeQuery(COMMIT);
            return result;
          } catch (cause) {
            // SQLite has rolled back by itself after a full disk; then this has nothing to do and says so.
            await db.executeQuery(ROLLBACK).catch(() => {});
            throw cause;
          }
        });
      } catch (cause) {
        throw sqliteError(file, cause) ?? cause;
      }
    },
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}

/** How long a write waits for another process's, in milliseconds, and how often it looks. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 10;

/** Takes the write lock. Waiting for another process is done here, not in SQLite, so that the server goes on. */
async function begin(db: Kysely<Schema>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await db.executeQuery(BEGIN);
      return;
    } catch (cause) {
      if (!isBusy(cause) || performance.now() > deadline) throw cause;
      await setTimeout(LOOK_MS);
    }
  }
}

function isBusy(cause: unknown): boolean {
  return /^SQLITE_BUSY/.test(codeOf(cause) ?? '');
}

const BEGIN = CompiledQuery.raw('begin immediate');
const COMMIT = CompiledQuery.raw('commit');
const ROLLBACK = CompiledQuery.raw('rollback');

/** Enough for the moments in which a checkpoint or a recovery holds everybody up. */
const BUSY_TIMEOUT_MS = 100;

function sqliteKysely(file: string, readonly: boolean): Kysely<Schema> {
  // Opened at the first query: Kysely closes only what it has used.
  const database = async () =>
    rememberStatements(openSqlite(file, { readonly, busyTimeoutMs: BUSY_TIMEOUT_MS }));
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
}

async function bringUpToDate(db: Kysely<Schema>, file: string): Promise<void> {
  const migrator = new Migrator({ db, provider: migrations });
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (tables.some(({ name }) => name === 'kysely_migration')) {
    const applied = await db
      .withTables<{ kysely_migration: { name: string } }>()
      .selectFrom('kysely_migration')
      .select('name')
      .execute();
    const unknown = applied.find(({ name }) => !knownMigrations.includes(name));
    if (unknown !== undefined) {
      throw new LicenseError('store_newer', {
        file,
        found: unknown.name,
        known: knownMigrations.at(-1) ?? '',
      });
    }
  }
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
