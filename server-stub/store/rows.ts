import { type RawBuilder, sql } from 'kysely';

/**
 * Rows as a select, for set-based statements: one parameter whatever the number of rows.
 *
 * @param columns which properties of a row, in the order of the select list
 */
export function selectRows<R>(columns: readonly (keyof R & string)[], rows: readonly R[]): RawBuilder<R> {
  const positions = columns.map(
    (column, index) => sql`${sql.raw(`value ->> ${index}`)} as ${sql.ref(column)}`,
  );
  const json = JSON.stringify(rows.map((row) => columns.map((column) => row[column])));
  return sql<R>`select ${sql.join(positions)} from json_each(jsonb(${json}))`;
}

/** The same as a table expression, for `from` and joins. */
export function rowsOf<R>(columns: readonly (keyof R & string)[], rows: readonly R[]): RawBuilder<R> {
  return sql<R>`(${selectRows(columns, rows)})`;
}
