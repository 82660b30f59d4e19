import type { SqliteDialectConfig } from 'kysely';
import type { SqliteDatabase } from '#core/host/sqlite.ts';

type KyselyDatabase = Extract<SqliteDialectConfig['database'], { prepare: unknown }>;

/** Statements kept prepared; our texts are few, since sets travel as one parameter. */
const KEPT = 200;

/** Lets Kysely use a statement again that it used before; it prepares each anew, which costs as much as many run. */
export function rememberStatements(database: SqliteDatabase): KyselyDatabase {
  const statements = new Map<string, ReturnType<SqliteDatabase['prepare']>>();
  return {
    close: () => void database.close(),
    prepare(sql) {
      const known = statements.get(sql);
      // One that is being iterated cannot run a second time beside itself.
      if (known !== undefined && !known.busy) return known;
      const statement = database.prepare(sql);
      if (statements.size >= KEPT) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
  };
}
