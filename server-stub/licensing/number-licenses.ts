import { type Kysely, sql } from 'kysely';
import { rowsOf } from '../store/rows.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';

/** How many licenses each App has. None is ever deleted, so that is the position of its last one. */
export async function licenseCounts(
  db: Kysely<Schema>,
  appIds: Iterable<string>,
): Promise<Map<string, number>> {
  const apps = [...new Set(appIds)].map((app_id) => ({ app_id }));
  if (apps.length === 0) return new Map();
  const rows = await db
    .selectFrom(rowsOf<{ app_id: string }>(db, { app_id: 'text' }, apps).as('r'))
    .select('r.app_id')
    // Asked for one App after the other: grouped, it would read the whole index.
    .select(
      sql<number>`coalesce((select max(position) from license where license.app_id = r.app_id), 0)`.as(
        'count',
      ),
    )
    .execute();
  return new Map(rows.map(({ app_id, count }) => [app_id, count]));
}

/** Gives new licenses their positions: 1, 2, 3 … within the App. One writer at a time, so no two get the same. */
export async function numberLicenses(db: Kysely<Schema>, licenses: readonly LicenseTable[]): Promise<void> {
  const counts = await licenseCounts(
    db,
    licenses.map(({ app_id }) => app_id),
  );
  for (const license of licenses) {
    license.position = (counts.get(license.app_id) ?? 0) + 1;
    counts.set(license.app_id, license.position);
  }
}
