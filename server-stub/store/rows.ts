import { type Kysely, PostgresAdapter, type RawBuilder, sql } from 'kysely';
import type { Schema } from './schema.ts';

/** The columns of a set of rows with their types, which neither engine finds in JSON by itself. */
export type Columns<R> = { readonly [Column in keyof R & string]?: ColumnType<R[Column]> };
type ColumnType<V> = NonNullable<V> extends number ? 'integer' : 'text';

/** The names alone, for an insert's column list: in the order of the select list. */
export function columnNames<C extends object>(columns: C): (keyof C & string)[] {
  return Object.keys(columns) as (keyof C & string)[];
}

/**
 * Rows as a select, for set-based statements: one parameter whatever the number of rows.
 *
 * @param columns which properties of a row, in the order of the select list
 */
export function selectRows<R>(db: Kysely<Schema>, columns: Columns<R>, rows: readonly R[]): RawBuilder<R> {
  const names = columnNames(columns) as (keyof R & string)[];
  const list = names.map(
    (name, index) =>
      sql`cast(value ->> ${sql.lit(index)} as ${sql.raw(columns[name] === 'integer' ? 'bigint' : 'text')}) as ${sql.ref(name)}`,
  );
  const json = JSON.stringify(rows.map((row) => names.map((name) => row[name])));
  const elements = isPostgres(db)
    ? sql`jsonb_array_elements(${json}::jsonb)`
    : sql`json_each(jsonb(${json}))`;
  // Without a `where`, SQLite takes the `on` of a following `on conflict` for that of a join.
  return sql<R>`select ${sql.join(list)} from ${elements} where true`;
}

/** The same as a table expression, for `from` and joins. */
export function rowsOf<R>(db: Kysely<Schema>, columns: Columns<R>, rows: readonly R[]): RawBuilder<R> {
  return sql<R>`(${selectRows(db, columns, rows)})`;
}

function isPostgres(db: Kysely<Schema>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}
