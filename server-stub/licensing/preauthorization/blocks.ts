import { type Kysely, sql } from 'kysely';
import { rowsOf } from '../../store/rows.ts';
import type { Schema } from '../../store/schema.ts';

/** How many numbers of arrival make a block; a page is found by blocks, then by walking within one. */
export const BLOCK = 1000;

type Block = Schema['preauthorization_block'];
const COLUMNS = { block: 'integer', count: 'integer' } as const;

/** Counts LicenseKeys that came into a list, by their numbers of arrival. */
export async function addToBlocks(db: Kysely<Schema>, list: number, seqs: readonly number[]): Promise<void> {
  await db
    .insertInto('preauthorization_block')
    .columns(['list', 'block', 'count'])
    .expression(
      db
        .selectFrom(rowsOf<Block>(db, COLUMNS, blocksOf(list, seqs)).as('r'))
        .select([sql<number>`cast(${list} as bigint)`.as('list'), 'block', 'count'])
        // SQLite would take the conflict clause for a join's.
        .where(sql<boolean>`true`),
    )
    .onConflict((conflict) =>
      conflict.columns(['list', 'block']).doUpdateSet({
        count: sql<number>`preauthorization_block.count + excluded.count`,
      }),
    )
    .execute();
}

/** Counts LicenseKeys that left a list. */
export async function takeFromBlocks(
  db: Kysely<Schema>,
  list: number,
  seqs: readonly number[],
): Promise<void> {
  if (seqs.length === 0) return;
  await db
    .updateTable('preauthorization_block')
    .from(rowsOf<Block>(db, COLUMNS, blocksOf(list, seqs)).as('r'))
    .set({ count: sql<number>`preauthorization_block.count - r.count` })
    .where('preauthorization_block.list', '=', list)
    .whereRef('preauthorization_block.block', '=', 'r.block')
    .execute();
}

/** How many LicenseKeys a list has. */
export async function countOf(db: Kysely<Schema>, list: number): Promise<number> {
  const sum = await db
    .selectFrom('preauthorization_block')
    .select(({ fn }) => fn.sum('count').as('count'))
    .where('list', '=', list)
    .executeTakeFirst();
  return Number(sum?.count ?? 0);
}

function blocksOf(list: number, seqs: readonly number[]): Block[] {
  const counts = new Map<number, number>();
  for (const seq of seqs) {
    const block = Math.floor(seq / BLOCK);
    counts.set(block, (counts.get(block) ?? 0) + 1);
  }
  return [...counts].map(([block, count]) => ({ list, block, count }));
}
