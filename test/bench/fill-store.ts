import { sql } from 'kysely';
import { activate } from '../../server-stub/licensing/activate.ts';
import { openStore } from '../../server-stub/store/database.ts';
import type { ServerFolder } from '../support/prepare-server.ts';

const DAY = 86_400;
const PIECE = 2_000;

/**
 * Activates so many licenses by the real use case, audit trail included, spread over a year until `now`; then makes
 * them differ as years of use do: groups, devices that were seen or not, some suspended or released.
 */
export async function fillStore(
  { store: location, world: { cid, appId, purchase } }: Pick<ServerFolder, 'store' | 'world'>,
  { count, now, progress }: { readonly count: number; readonly now: number; progress(done: number): void },
): Promise<void> {
  const store = await openStore(location);
  try {
    for (let start = 0; start < count; start += PIECE) {
      const size = Math.min(PIECE, count - start);
      const at = now - Math.floor((1 - start / count) * 364 * DAY);
      const wishes = Array.from({ length: size }, (_, index) => ({
        ...{ cid, appId, pid: purchase.pid, licenseKey: `SN-${String(start + index).padStart(7, '0')}` },
        actor: 'operator:bench',
      }));
      await store.write(at, (transaction) => activate(transaction, wishes));
      progress(start + size);
    }
    await store.write(now, ({ db }) =>
      sql`update license set
        group_name = case when position % 50 = 0 then 'room ' || (position % 400) else '' end,
        state = case position % 200 when 7 then 'suspended' when 8 then 'released' else state end,
        last_seen_at = case when position % 3 = 0 then null
          else ${now} - (position % 45) * ${DAY} end,
        agent_version = case when position % 3 = 0 then null else '1.0.0' end`.execute(db),
    );
  } finally {
    await store.close();
  }
}
