import { type RawBuilder, sql } from 'kysely';

/**
 * A column that is looked at beside the index that leads the way: as an expression neither engine thinks of an index of
 * it, which without statistics SQLite would take although it leads through all rows.
 */
export function beside(text: string): RawBuilder<string> {
  return sql<string>`${sql.ref(text)} || ''`;
}

/** The same for a number. */
export function besideNumber(column: string): RawBuilder<number> {
  return sql<number>`${sql.ref(column)} + 0`;
}
