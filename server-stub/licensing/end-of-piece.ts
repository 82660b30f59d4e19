import type { Kysely } from 'kysely';
import type { Schema } from '../store/schema.ts';

/** Who walks over all licenses looks at so many at once: a few milliseconds, after which others have their turn. */
const PIECE = 5_000;

/** The last license of the piece that begins after one; undefined where it is the last piece. */
export async function endOfPiece(db: Kysely<Schema>, after: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('license')
    .select('license')
    .where('license', '>', after)
    .orderBy('license')
    .limit(1)
    .offset(PIECE - 1)
    .executeTakeFirst();
  return row?.license;
}
