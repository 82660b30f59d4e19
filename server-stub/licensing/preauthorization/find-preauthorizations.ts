import { type Kysely, sql } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import { BLOCK, countOf } from './blocks.ts';

export type PreauthorizedKey = Schema['preauthorization'];

/** A LicenseKey of a list, where it is in it. */
export async function findPreauthorization(
  db: Kysely<Schema>,
  list: number,
  licenseKey: string,
): Promise<PreauthorizedKey | undefined> {
  return db
    .selectFrom('preauthorization')
    .selectAll()
    .where('list', '=', list)
    .where('license_key', '=', licenseKey)
    .executeTakeFirst();
}

export interface PreauthorizationPage {
  /** LicenseKeys in the whole list. */
  readonly count: number;
  readonly keys: readonly PreauthorizedKey[];
}

/**
 * One page of a list, newest first. The block in which it begins is found by the counts of the blocks, so that the
 * last page of a million costs what the first does: page numbers outside, a range of keys inside. Source: contract,
 * Rules "Page size".
 *
 * @param page from 1
 */
export async function pageOfPreauthorizations(
  db: Kysely<Schema>,
  list: number,
  page: number,
  size: number,
): Promise<PreauthorizationPage> {
  const count = await countOf(db, list);
  const skipped = (page - 1) * size;
  // The blocks that the page lies in; `through`: LicenseKeys from the newest to the end of the block.
  const blocks = await db
    .with('running', (running) =>
      running
        .selectFrom('preauthorization_block')
        .select(['block', 'count', sql<number>`sum(count) over (order by block desc)`.as('through')])
        .where('list', '=', list),
    )
    .selectFrom('running')
    .selectAll()
    .where('through', '>', skipped)
    .where(({ eb, ref }) => eb(eb('through', '-', ref('count')), '<', skipped + size))
    .orderBy('block', 'desc')
    .execute();
  const [newest, oldest] = [blocks[0], blocks.at(-1)];
  if (newest === undefined || oldest === undefined) return { count, keys: [] };
  const keys = await db
    .selectFrom('preauthorization')
    .selectAll()
    .where('list', '=', list)
    .where('seq', '<', (newest.block + 1) * BLOCK)
    .where('seq', '>=', oldest.block * BLOCK)
    .orderBy('seq', 'desc')
    .limit(size)
    .offset(skipped - (newest.through - newest.count))
    .execute();
  return { count, keys };
}
