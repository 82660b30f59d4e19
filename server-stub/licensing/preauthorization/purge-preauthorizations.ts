import type { EpochSeconds } from '#core/clock.ts';
import type { Store } from '../../store/database.ts';
import { rowsOf } from '../../store/rows.ts';

/** Rows in one transaction, so that no other writer waits long. */
const PIECE = 500;
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
    const keys = await db
      .selectFrom('preauthorization')
      .select('license_key')
      .where('list', '=', list)
      .orderBy('seq')
      .limit(PIECE)
      .execute();
    const oldest = rowsOf<{ license_key: string }>(db, { license_key: 'text' }, keys).as('r');
    await db
      .deleteFrom('preauthorization')
      .where('list', '=', list)
      .where('license_key', 'in', db.selectFrom(oldest).select('license_key'))
      .execute();
    if (keys.length < PIECE) {
      await db.deleteFrom('preauthorization_block').where('list', '=', list).execute();
      await db.updateTable('preauthorization_list').set({ purged: 1 }).where('list', '=', list).execute();
    }
    return keys.length;
  });
}
