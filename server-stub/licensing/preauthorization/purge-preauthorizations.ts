import { setTimeout } from 'node:timers/promises';
import type { EpochSeconds } from '#core/clock.ts';
import type { Store, Transaction } from '../../store/database.ts';
import { rowsOf } from '../../store/rows.ts';
import { BLOCK } from './blocks.ts';

/** An export of a list that was cleared meanwhile is let finish, in seconds. */
const LEFT_ALONE_SECONDS = 3_600;
/** Pause between two blocks, in milliseconds: nobody waits for the purge. */
const PAUSE_MS = 20;
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
    for (let purged = false; !purged; ) {
      if (ended.aborted) return;
      purged = await store.write(now, (transaction) => purgeBlock(transaction, list));
      await setTimeout(PAUSE_MS);
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

/** Removes the oldest block of a list. A block's LicenseKeys are few enough that no other writer waits long. */
async function purgeBlock({ db }: Transaction, list: number): Promise<boolean> {
  const oldest = await db
    .selectFrom('preauthorization_block')
    .select('block')
    .where('list', '=', list)
    .orderBy('block')
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) {
    await db.updateTable('preauthorization_list').set({ purged: 1 }).where('list', '=', list).execute();
    return true;
  }
  const { block } = oldest;
  const keys = await db
    .selectFrom('preauthorization')
    .select('license_key')
    .where('list', '=', list)
    .where('seq', '>=', block * BLOCK)
    .where('seq', '<', (block + 1) * BLOCK)
    .execute();
  const gone = rowsOf<{ license_key: string }>(db, { license_key: 'text' }, keys).as('r');
  await db
    .deleteFrom('preauthorization')
    .where('list', '=', list)
    .where('license_key', 'in', db.selectFrom(gone).select('license_key'))
    .execute();
  await db.deleteFrom('preauthorization_block').where('list', '=', list).where('block', '=', block).execute();
  return false;
}
