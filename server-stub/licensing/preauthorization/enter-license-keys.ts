import { type Kysely, sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { rowsOf } from '../../store/rows.ts';
import type { Schema } from '../../store/schema.ts';
import { addToBlocks } from './blocks.ts';

/**
 * Enters LicenseKeys into a list, in the order in which they are given; those that are in it already are passed over.
 * What is asked and written is a few statements, however many they are.
 *
 * @returns the LicenseKeys that were new
 */
export async function enterLicenseKeys(
  db: Kysely<Schema>,
  list: number,
  licenseKeys: readonly string[],
  at: EpochSeconds,
): Promise<ReadonlySet<string>> {
  const fresh = new Set(licenseKeys);
  for (const known of await listed(db, list, fresh)) fresh.delete(known);
  if (fresh.size === 0) return fresh;

  const { next_seq } = await db
    .updateTable('preauthorization_list')
    .set(({ eb }) => ({ next_seq: eb('next_seq', '+', fresh.size) }))
    .where('list', '=', list)
    .returning('next_seq')
    .executeTakeFirstOrThrow();
  const first = next_seq - fresh.size;
  const rows = [...fresh].map((license_key, index) => ({ license_key, seq: first + index }));
  const entered = rowsOf<(typeof rows)[number]>(db, { license_key: 'text', seq: 'integer' }, rows).as('r');
  await db
    .insertInto('preauthorization')
    .columns(['list', 'license_key', 'seq', 'created_at'])
    .expression(
      db
        .selectFrom(entered)
        .select([
          sql<number>`cast(${list} as bigint)`.as('list'),
          'license_key',
          'seq',
          sql<number>`cast(${at} as bigint)`.as('created_at'),
        ]),
    )
    .execute();
  await addToBlocks(
    db,
    list,
    rows.map(({ seq }) => seq),
  );
  return fresh;
}

/** Those of some LicenseKeys that are in a list. */
export async function listed(
  db: Kysely<Schema>,
  list: number,
  licenseKeys: Iterable<string>,
): Promise<string[]> {
  const wanted = [...licenseKeys].map((license_key) => ({ license_key }));
  const keys = rowsOf<{ license_key: string }>(db, { license_key: 'text' }, wanted).as('r');
  // A join would let SQLite walk the list and look for each of its LicenseKeys among the wanted.
  const rows = await db
    .selectFrom('preauthorization')
    .select('license_key')
    .where('list', '=', list)
    .where('license_key', 'in', db.selectFrom(keys).select('license_key'))
    .execute();
  return rows.map(({ license_key }) => license_key);
}
