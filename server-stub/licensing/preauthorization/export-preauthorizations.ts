import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import { BLOCK } from './blocks.ts';

/** Blocks read at once: a few milliseconds, after which others have their turn. */
const PIECE_BLOCKS = 5;

/**
 * All LicenseKeys of a list as they stand at the start, in order of arrival, piece by piece. Between two pieces no
 * transaction is open and no connection held, so that neither writers nor a slow reader wait for each other; what
 * comes later is not part of it.
 */
export async function* exportPreauthorizations(
  db: Kysely<Schema>,
  list: number,
): AsyncGenerator<readonly string[]> {
  const bound = await db
    .selectFrom('preauthorization_list')
    .select('next_seq')
    .where('list', '=', list)
    .executeTakeFirst();
  const end = bound?.next_seq ?? 0;
  // Both ends of a piece are given, so that no database can think of reading the rest of the list for it.
  const blocks = await db
    .selectFrom('preauthorization_block')
    .select('block')
    .where('list', '=', list)
    .where('count', '>', 0)
    .where('block', '<=', Math.floor(end / BLOCK))
    .orderBy('block')
    .execute();
  for (let first = 0; first < blocks.length; ) {
    const from = blocks[first]?.block ?? 0;
    let last = first;
    while ((blocks[last + 1]?.block ?? Number.POSITIVE_INFINITY) < from + PIECE_BLOCKS) last += 1;
    first = last + 1;
    const piece = await db
      .selectFrom('preauthorization')
      .select('license_key')
      .where('list', '=', list)
      .where('seq', '>=', from * BLOCK)
      .where('seq', '<', Math.min(end, (from + PIECE_BLOCKS) * BLOCK))
      .orderBy('seq')
      .execute();
    if (piece.length > 0) yield piece.map(({ license_key }) => license_key);
    // SQLite answers at once and a fast reader never makes us wait, so that nobody else would have a turn.
    await new Promise((turn) => setImmediate(turn));
  }
}

/** The same as text: one LicenseKey a line. */
export async function* preauthorizationText(db: Kysely<Schema>, list: number): AsyncGenerator<string> {
  for await (const piece of exportPreauthorizations(db, list)) yield `${piece.join('\n')}\n`;
}
