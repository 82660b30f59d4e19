import type { Kysely } from 'kysely';
import { type Columns, columnNames, selectRows } from '../store/rows.ts';
import type { AllocationTable, Schema } from '../store/schema.ts';

/** Who brought the seats of a purchase line for one App: no person of the company. */
export const VENDOR = 'vendor';

export type Allocated = Omit<AllocationTable, 'position' | 'pid_position'>;

const ALLOCATION_COLUMNS = {
  app_id: 'text',
  position: 'integer',
  pid: 'text',
  pid_position: 'integer',
  cid: 'text',
  count: 'integer',
  creator: 'text',
  created_at: 'integer',
} as const satisfies Columns<AllocationTable>;

/** Adds rows to the record of allocations, in order; per App and PID their counts add up to the App's pool. */
export async function recordAllocations(
  db: Kysely<Schema>,
  allocations: readonly Allocated[],
): Promise<void> {
  if (allocations.length === 0) return;
  const rows: AllocationTable[] = [];
  for (const [app_id, ofApp] of Map.groupBy(allocations, (allocation) => allocation.app_id)) {
    const lastOf = (pid?: string) => lastPosition(db, app_id, pid);
    let position = await lastOf();
    const positions = new Map<string, number>();
    for (const allocation of ofApp) {
      const { pid } = allocation;
      const pid_position = (positions.get(pid) ?? (await lastOf(pid))) + 1;
      positions.set(pid, pid_position);
      position += 1;
      rows.push({ ...allocation, position, pid_position });
    }
  }
  await db
    .insertInto('allocation')
    .columns(columnNames(ALLOCATION_COLUMNS))
    .expression(selectRows<AllocationTable>(db, ALLOCATION_COLUMNS, rows))
    .execute();
}

/** The number of an App's allocations, which is the position of the last one: rows stay for good. */
export async function lastPosition(db: Kysely<Schema>, appId: string, pid?: string): Promise<number> {
  const position = pid === undefined ? 'position' : 'pid_position';
  let query = db
    .selectFrom('allocation')
    .select(({ fn }) => fn.max(position).as('last'))
    .where('app_id', '=', appId);
  if (pid !== undefined) query = query.where('pid', '=', pid);
  const row = await query.executeTakeFirst();
  return Number(row?.last ?? 0);
}
