import { type Kysely, sql } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';
import type { EngineName } from './engine.ts';
import { alerts } from './migrations/alerts.ts';
import { allocations } from './migrations/allocations.ts';
import { concurrency } from './migrations/concurrency.ts';
import { concurrencyOrder } from './migrations/concurrency-order.ts';
import { consoleOidc } from './migrations/console-oidc.ts';
import { consoleUsers } from './migrations/console-users.ts';
import { credentials } from './migrations/credentials.ts';
import { first } from './migrations/first.ts';
import { idempotency } from './migrations/idempotency.ts';
import { idempotencyBytes } from './migrations/idempotency-bytes.ts';
import { licensePositions } from './migrations/license-positions.ts';
import { licenseVerbs } from './migrations/license-verbs.ts';
import { preauthorization } from './migrations/preauthorization.ts';
import { rootSuccession } from './migrations/root-succession.ts';
import { settledMinutes } from './migrations/settled-minutes.ts';
import { usageMinutes } from './migrations/usage-minutes.ts';

/**
 * The schema's history, in order: a name and its statements, one each, plain enough for both engines. What was
 * delivered is never edited; a change is a new entry.
 */
const HISTORY: Readonly<Record<string, readonly string[]>> = {
  '0001-first': first,
  '0002-idempotency': idempotency,
  '0003-license-verbs': licenseVerbs,
  '0004-preauthorization': preauthorization,
  '0005-alerts': alerts,
  '0006-allocations': allocations,
  '0007-credentials': credentials,
  '0008-license-positions': licensePositions,
  '0009-usage-minutes': usageMinutes,
  '0010-idempotency-bytes': idempotencyBytes,
  '0011-settled-minutes': settledMinutes,
  '0012-concurrency': concurrency,
  '0013-concurrency-order': concurrencyOrder,
  '0014-root-succession': rootSuccession,
  '0015-console-users': consoleUsers,
  '0016-console-oidc': consoleOidc,
};

/** Names of the migrations this program knows. */
export const knownMigrations: readonly string[] = Object.keys(HISTORY);

/** The migrations in an engine's own words. */
export function migrationsFor(engine: EngineName): MigrationProvider {
  const inItsWords = engine === 'sqlite' ? forSqlite : forPostgres;
  const migration = (statements: readonly string[]): Migration => ({
    async up(db: Kysely<unknown>) {
      for (const statement of statements) await sql.raw(inItsWords(statement)).execute(db);
    },
  });
  const migrations = Object.fromEntries(
    Object.entries(HISTORY).map(([name, statements]) => [name, migration(statements)]),
  );
  return { getMigrations: async () => migrations };
}

/**
 * SQLite checks column types only in STRICT tables; those with a primary key of several columns are kept in its
 * order (WITHOUT ROWID), which spares every row of the audit trail a second index.
 */
function forSqlite(statement: string): string {
  if (!statement.startsWith('create table')) return statement;
  return /primary key \(/.test(statement) ? `${statement} strict, without rowid` : `${statement} strict`;
}

/** A second of the year 9999 needs 64 bits; text is ordered by its bytes, as in SQLite, whatever the locale. */
function forPostgres(statement: string): string {
  if (!/^(create|alter) table/.test(statement)) return statement;
  return statement.replace(/\binteger\b/g, 'bigint').replace(/\btext\b/g, 'text collate "C"');
}
