import type { Grant } from '#core/documents/grant.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { SHARED } from './quota.ts';
import { type Allocated, recordAllocations, VENDOR } from './record-allocations.ts';
import { allocatedTo, SeatPools } from './seat-pools.ts';

/** Seats that came to be allocated to an App because lines for it alone gave way to shared ones. */
export interface Settled {
  readonly appId: string;
  readonly pid: string;
  readonly count: number;
}

/**
 * Sizes the pools of some PIDs by the lines as they are now. What was allocated to an App stays so, and at least
 * as much is as the App uses beyond the lines for it alone; a grant that leaves the shared pool too small for that
 * is refused. The change of each App's pool is recorded as an allocation by the vendor.
 *
 * @param before the pools as they were before the grant touched the lines
 * @throws `grant_below_used`
 */
export async function settlePools(
  { db, audit }: Transaction,
  { cid, grantId }: Pick<Grant, 'cid' | 'grantId'>,
  pids: readonly string[],
  before: SeatPools,
): Promise<Settled[]> {
  const pools = await SeatPools.load(
    db,
    pids.map((pid) => ({ cid, pid })),
  );
  const recorded: Allocated[] = [];
  const settled: Settled[] = [];
  for (const pid of pids) {
    const subject = { cid, pid };
    const shared = pools.pool(subject, SHARED);
    let allocated = 0;
    for (const pool of pools.of(subject)) {
      const { app_id, used, overdraft, lineCount, lineUsed } = pool;
      if (app_id === SHARED) continue;
      const had = before.pool(subject, app_id);
      const [kept, needed] = [allocatedTo(had), used - overdraft - lineUsed];
      const seats = Math.max(kept, needed);
      allocated += seats;
      pool.granted = lineCount + seats;
      const count = pool.granted - had.granted;
      if (count !== 0)
        recorded.push({ app_id, pid, cid, count, creator: VENDOR, created_at: await audit.timeOf(cid) });
      if (seats > kept) settled.push({ appId: app_id, pid, count: seats - kept });
    }
    shared.granted = shared.lineCount - allocated;
    if (shared.granted < 0 || shared.used > shared.granted + shared.overdraft) {
      const used = shared.used + allocated;
      throw new LicenseError('grant_below_used', { grantId, id: pid, granted: shared.lineCount, used });
    }
  }
  await pools.store();
  await recordAllocations(db, recorded);
  return settled;
}
