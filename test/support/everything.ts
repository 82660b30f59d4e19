import type { Kysely } from 'kysely';
import type { Schema } from '../../server-stub/store/schema.ts';

/** Every row of every table, in an order of its own, to show that a refused call changed nothing. */
export async function everything(reader: Kysely<Schema>): Promise<Record<string, string[]>> {
  const tables = await reader.introspection.getTables();
  const rows = await Promise.all(
    tables.map(async ({ name }) => {
      const all = await reader
        .selectFrom(name as keyof Schema)
        .selectAll()
        .execute();
      return [name, all.map((row) => JSON.stringify(row)).toSorted()] as const;
    }),
  );
  return Object.fromEntries(rows.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
