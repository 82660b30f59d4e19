import { CompiledQuery, type Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { AuditTrail } from './audit.ts';
import type { Engine, EngineName } from './engine.ts';
import { knownMigrations, migrationsFor } from './migrations.ts';
import type { Schema } from './schema.ts';
import { sqliteEngine } from './sqlite-engine.ts';

/** Queries inside one write transaction, and the audit trail that is committed with it. */
export interface Transaction {
  readonly db: Kysely<Schema>;
  readonly audit: AuditTrail;
}

/** The license server's store: one writer at a time, readers beside it. */
export interface Store {
  readonly engine: EngineName;
  /** Where it lies, for people: never with a password. */
  readonly place: string;
  /** Reads, beside the writer: a connection that cannot write. */
  readonly reader: Kysely<Schema>;
  /**
   * Runs work in one transaction, its audit rows inside, and resolves once the commit is durable.
   *
   * @param now the wall clock; the work reads the company's time from `audit.timeOf`
   * @throws `store_full`, `store_busy`, `store_damaged`, `store_unwritable`, `store_unreachable`; whatever the
   * work throws
   */
  write<T>(now: EpochSeconds, work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /**
   * Copies the store into a new file while it is at work.
   *
   * @throws `backup_by_database` on PostgreSQL; `store_full`, `store_unwritable`
   */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}

export interface OpenStoreOptions {
  /** Make it where it is missing: init alone. An empty store in the place of a lost one would sell every seat again. */
  create?: boolean;
}

/**
 * Opens the store and brings its schema up to date.
 *
 * @param location a SQLite file, or `postgres://…`
 * @throws `store_missing`; `store_newer` where a newer program wrote it (nothing is touched), `store_damaged`,
 * `store_unwritable`, `store_unreachable`
 */
export async function openStore(location: string, { create = false }: OpenStoreOptions = {}): Promise<Store> {
  const engine = await engineAt(location);
  try {
    await bringUpToDate(engine, create);
  } catch (cause) {
    await engine.close();
    throw cause;
  }
  return {
    engine: engine.name,
    place: engine.place,
    reader: engine.reader,
    write: (now, work) => engine.writer.connection().execute((db) => transact(engine, db, now, work)),
    async backup(file) {
      if (engine.backup === undefined) throw new LicenseError('backup_by_database');
      await engine.backup(file);
    },
    close: () => engine.close(),
  };
}

/** PostgreSQL's packages are loaded where a store lies there. */
async function engineAt(location: string): Promise<Engine> {
  return /^postgres(ql)?:/.test(location)
    ? (await import('./postgres-engine.ts')).postgresEngine(location)
    : sqliteEngine(location);
}

async function transact<T>(
  engine: Engine,
  db: Kysely<Schema>,
  now: EpochSeconds,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  await engine.begin(db);
  try {
    const audit = new AuditTrail(db, now);
    const result = await work({ db, audit });
    await audit.flush();
    await db.executeQuery(COMMIT);
    return result;
  } catch (cause) {
    // The engine may have rolled back by itself (a full disk, a lost connection); then this has nothing to do.
    await db.executeQuery(ROLLBACK).catch(() => {});
    throw cause;
  }
}

const COMMIT = CompiledQuery.raw('commit');
const ROLLBACK = CompiledQuery.raw('rollback');

/**
 * Applies what the store's schema lacks, all of it in one transaction: a process that is killed meanwhile leaves the
 * schema as it was, and of several that start at once one does the work.
 */
async function bringUpToDate(engine: Engine, create: boolean): Promise<void> {
  const { name, place: file, writer } = engine;
  const existed = await engine.exists();
  if (!create && !existed) throw new LicenseError('store_missing', { file });
  const applied = await appliedMigrations(writer);
  const unknown = applied.find((migration) => !knownMigrations.includes(migration));
  if (unknown !== undefined)
    throw new LicenseError('store_newer', { file, found: unknown, known: knownMigrations.at(-1) ?? '' });
  if (applied.length === knownMigrations.length) return;

  const provider = migrationsFor(name);
  // Kysely itself makes one transaction of them, and takes a lock, on PostgreSQL; on SQLite it does neither.
  if (name === 'postgres') return migrate(new Migrator({ db: writer, provider }));
  await writer
    .connection()
    .execute((connection) =>
      transact(engine, connection, 0, ({ db }) => migrate(new Migrator({ db, provider }))),
    );
}

async function migrate(migrator: Migrator): Promise<void> {
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function appliedMigrations(db: Kysely<Schema>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return [];
  const rows = await db
    .withTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .execute();
  return rows.map(({ name }) => name);
}
