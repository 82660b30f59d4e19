import type { Kysely, Selectable } from 'kysely';
import { rowsOf } from '../store/rows.ts';
import type { AppTable, Schema } from '../store/schema.ts';

/** Apps by their ids, of whatever company. */
export async function appsByIds(
  db: Kysely<Schema>,
  ids: readonly string[],
): Promise<Map<string, Selectable<AppTable>>> {
  const wanted = [...new Set(ids)].map((app_id) => ({ app_id }));
  if (wanted.length === 0) return new Map();
  const rows = await db
    .selectFrom(rowsOf<{ app_id: string }>(db, { app_id: 'text' }, wanted).as('r'))
    .innerJoin('app', 'app.app_id', 'r.app_id')
    .selectAll('app')
    .execute();
  return new Map(rows.map((app) => [app.app_id, app]));
}
