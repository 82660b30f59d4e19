import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { endOfPiece } from '../licensing/end-of-piece.ts';
import type { Store } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { licensesHappened, type OwnedLicense } from './alert-event.ts';
import type { AlertQueue } from './alert-queue.ts';
import { passOf, type ScanPass, storePass } from './scan-pass.ts';

const DAY = 86_400;

/**
 * Queues device.unseen for devices that were last seen between `unseenDays` ago and as long before the last look:
 * once for each silence. It walks over all licenses, a few times a day: an index of last_seen_at would be written
 * with every refresh of every device.
 */
export async function scanSilence(
  store: Store,
  queue: AlertQueue,
  { now, unseenDays }: { readonly now: EpochSeconds; readonly unseenDays: number },
  ended: AbortSignal,
): Promise<void> {
  const bounds = { first: 0, until: now - unseenDays * DAY };
  let more = queue.wantsAny('device.unseen');
  while (more && !ended.aborted) {
    more = await store.write(now, async ({ db }) => {
      const pass = await passOf(db, 'silence', bounds);
      if (pass === undefined) return false;
      const after = (pass.position as string | undefined) ?? '';
      const to = await endOfPiece(db, after);
      const silent = await silentBetween(db, pass, { after, to, now });
      await queue.enqueue(db, licensesHappened('device.unseen', now, silent, { unseenDays }), now);
      await storePass(db, pass, to);
      return to !== undefined;
    });
  }
}

/** A device that is bound, whose license runs, and that nobody saw. */
function silentBetween(
  db: Kysely<Schema>,
  { since, until }: ScanPass,
  { after, to, now }: { after: string; to: string | undefined; now: EpochSeconds },
): Promise<OwnedLicense[]> {
  return db
    .selectFrom('license')
    .select((eb) => [
      'cid',
      'app_id as appId',
      'pid',
      'license',
      'license_key as licenseKey',
      'expire_time as expireTime',
      eb.ref('last_seen_at').$notNull().as('lastSeenAt'),
    ])
    .where('license', '>', after)
    .$if(to !== undefined, (query) => query.where('license', '<=', to ?? ''))
    .where('last_seen_at', '>', since)
    .where('last_seen_at', '<=', until)
    .where('device_jkt', 'is not', null)
    .where('category', '=', 'device')
    .where('state', '=', 'active')
    .where('expire_time', '>', now)
    .orderBy('license')
    .execute();
}
