import { type RawBuilder, sql } from 'kysely';

/**
 * Rows as a table expression `select … from rows`, for set-based statements: one parameter whatever the number
 * of rows. `columns` name the array positions in each row; their order is the order of the select list.
 */
export function rowsOf<R>(columns: readonly (keyof R & string)[], rows: readonly R[]): RawBuilder<R> {
  const positions = columns.map((column, index) => sql`${sql.raw(`value ->> ${index}`)} as ${sql.ref(column)}`);
  const json = JSON.stringify(rows.map((row) => columns.map((column) => row[column])));
  return sql<R>`(select ${sql.join(positions)} from json_each(${json}))`;
}
