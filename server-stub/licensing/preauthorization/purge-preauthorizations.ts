import type { EpochSeconds } from '#core/clock.ts';
import type { Store } from '../../store/database.ts';

/** Rows in one transaction, so that no other writer waits long. */
const PIECE = 2_000;
/** An export of a list that was cleared meanwhile is let finish, in seconds. */
const LEFT_ALONE_SECONDS = 3_600;
/** How long it is told what became of an upload, in seconds. The audit trail keeps it for good. */
const UPLOAD_SECONDS = 90 * 86_400;

/** Removes the LicenseKeys of cleared lists, in short transactions, and forgets uploads of long ago. */
export async function purgePreauthorizations(
  store: Store,
  now: EpochSeconds,
  ended: AbortSignal,
): Promise<void> {
  const lists = await store.reader
    .selectFrom('preauthorization_list')
    .select('list')
    .where('cleared_at', '<', now - LEFT_ALONE_SECONDS)
    .where('purged', '=', 0)
    .execute();
  for (const { list } of lists) {
    for (let removed = PIECE; removed === PIECE; ) {
      if (ended.aborted) return;
      removed = await purgePiece(store, now, list);
    }
  }
  await store.write(now, ({ db }) =>
    db
      .deleteFrom('preauthorization_upload')
      .where('state', '<>', 'entering')
      .where('created_at', '<', now - UPLOAD_SECONDS)
      .execute(),
  );
}

async function purgePiece(store: Store, now: EpochSeconds, list: number): Promise<number> {
  return store.write(now, async ({ db }) => {
    const oldest = db.selectFrom('preauthorization').select('seq').where('list', '=', list);
    const { numDeletedRows } = await db
      .deleteFrom('preauthorization')
      .where('list', '=', list)
      .where('seq', 'in', oldest.orderBy('seq').limit(PIECE))
      .executeTakeFirst();
    if (numDeletedRows < PIECE) {
      await db.deleteFrom('preauthorization_block').where('list', '=', list).execute();
      await db.updateTable('preauthorization_list').set({ purged: 1 }).where('list', '=', list).execute();
    }
    return Number(numDeletedRows);
  });
}
