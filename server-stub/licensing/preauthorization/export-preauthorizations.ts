import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';

/** LicenseKeys read at once: a few milliseconds, after which others have their turn. */
const PIECE = 5_000;

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
  for (let next = 0; next < end; ) {
    const piece = await db
      .selectFrom('preauthorization')
      .select(['license_key', 'seq'])
      .where('list', '=', list)
      .where('seq', '>=', next)
      .where('seq', '<', end)
      .orderBy('seq')
      .limit(PIECE)
      .execute();
    if (piece.length > 0) yield piece.map(({ license_key }) => license_key);
    next = piece.length < PIECE ? end : (piece.at(-1)?.seq ?? end) + 1;
  }
}
