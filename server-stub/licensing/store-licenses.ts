import type { Kysely } from 'kysely';
import { type Columns, columnNames, rowsOf } from '../store/rows.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';

/**
 * Writes some columns of licenses, all at once.
 *
 * @param columns what is written; `license` says where
 */
export async function storeLicenses(
  db: Kysely<Schema>,
  columns: Columns<LicenseTable>,
  licenses: Iterable<LicenseTable>,
): Promise<void> {
  const rows = [...new Set(licenses)];
  if (rows.length === 0) return;
  const written = columnNames(columns).filter((name) => name !== 'license');
  await db
    .updateTable('license')
    .from(rowsOf<LicenseTable>(db, { license: 'text', ...columns }, rows).as('r'))
    .set(({ ref }) => Object.fromEntries(written.map((name) => [name, ref(`r.${name}`)])))
    .whereRef('license.license', '=', 'r.license')
    .execute();
}
