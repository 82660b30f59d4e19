import type { EpochSeconds } from '#core/clock.ts';
import type { Store } from '../../store/database.ts';

/** How long it is told what became of a bulk change; the audit trail keeps it for good. */
const KEPT_SECONDS = 30 * 86_400;
/** Rows in one transaction, so that no other writer waits long. */
const PIECE = 5_000;

/** Clears away bulk changes that are long over, in short transactions. */
export async function forgetBulkChanges(store: Store, now: EpochSeconds): Promise<void> {
  const old = await store.reader
    .selectFrom('bulk_change')
    .select('bulk_id')
    .where('created_at', '<', now - KEPT_SECONDS)
    .where('state', 'in', ['ready', 'ended', 'cancelled'])
    .execute();
  for (const { bulk_id } of old) {
    for (let more = true; more; )
      more = await store.write(now, async ({ db }) => {
        const { numDeletedRows } = await db
          .deleteFrom('bulk_item')
          .where('bulk_id', '=', bulk_id)
          .where(
            'position',
            'in',
            db
              .selectFrom('bulk_item')
              .select('position')
              .where('bulk_id', '=', bulk_id)
              .orderBy('position')
              .limit(PIECE),
          )
          .executeTakeFirst();
        if (Number(numDeletedRows) === PIECE) return true;
        await db.deleteFrom('bulk_change').where('bulk_id', '=', bulk_id).execute();
        return false;
      });
  }
}
