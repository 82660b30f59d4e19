import type { Kysely } from 'kysely';
import { type Columns, columnNames, selectRows } from '../store/rows.ts';
import type { QuotaTable, Schema } from '../store/schema.ts';
import { SHARED } from './quota.ts';

/** Seats of a PID that an App, or any of a company's Apps, may use, and what of them the vendor's lines bring. */
export interface SeatPool extends Readonly<QuotaTable> {
  granted: number;
  /** Seats of the lines for this App alone, or of the shared lines; and how many of these are used. */
  readonly lineCount: number;
  readonly lineUsed: number;
}

type PidOfCompany = Pick<QuotaTable, 'cid' | 'pid'>;

/**
 * The pools of some PIDs for the length of one transaction, to move seats between them. Two rules hold, whatever
 * is granted, replaced, allocated, used and taken back:
 *
 * 1. The pools of a PID add up to its lines: an App's pool holds the lines for it alone and what was allocated to
 *    it, the shared pool holds the shared lines less all that was allocated.
 * 2. An App's pool has a free seat for every unused one of the lines for it alone, which no other App may use. So
 *    what is free beyond these is what the shared lines have left: whoever finds a free seat finds a line too.
 */
export class SeatPools {
  readonly #db: Kysely<Schema>;
  readonly #pools = new Map<string, SeatPool>();
  readonly #stored = new Map<SeatPool, number>();

  private constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  static async load(db: Kysely<Schema>, subjects: readonly PidOfCompany[]): Promise<SeatPools> {
    const pools = new SeatPools(db);
    if (subjects.length === 0) return pools;
    const cids = [...new Set(subjects.map(({ cid }) => cid))];
    const pids = [...new Set(subjects.map(({ pid }) => pid))];
    const lines = await db
      .selectFrom('terms')
      .select(['cid', 'pid', 'app_id'])
      .select(({ fn }) => [fn.sum('count').as('lineCount'), fn.sum('used').as('lineUsed')])
      .where('cid', 'in', cids)
      .where('pid', 'in', pids)
      .where('kind', '=', 'purchase')
      .where('withdrawn', '=', 0)
      .groupBy(['cid', 'pid', 'app_id'])
      .execute();
    const sums = new Map(lines.map((line) => [keyOf(line), line]));
    const rows = await db
      .selectFrom('quota')
      .selectAll()
      .where('cid', 'in', cids)
      .where('pid', 'in', pids)
      .execute();
    for (const row of [...rows, ...lines.map((line) => ({ ...line, granted: 0, used: 0, overdraft: 0 }))]) {
      const { cid, pid, app_id, granted, used, overdraft } = row;
      const { lineCount = 0, lineUsed = 0 } = sums.get(keyOf(row)) ?? {};
      const lined = { lineCount: Number(lineCount), lineUsed: Number(lineUsed) };
      pools.#add({ cid, pid, app_id, granted, used, overdraft, ...lined });
    }
    return pools;
  }

  /** Whether the PID was ever granted to the company. */
  knows({ cid, pid }: PidOfCompany): boolean {
    return this.of({ cid, pid }).length > 0;
  }

  /** The pools that a PID has. */
  of({ cid, pid }: PidOfCompany): readonly SeatPool[] {
    return [...this.#pools.values()].filter((pool) => pool.cid === cid && pool.pid === pid);
  }

  /** The pool of an App, or the shared one; an empty one where there is none yet. */
  pool({ cid, pid }: PidOfCompany, appId: string): SeatPool {
    const known = this.#pools.get(keyOf({ cid, pid, app_id: appId }));
    return known ?? this.#add({ cid, pid, app_id: appId, ...EMPTY });
  }

  /** Moves free seats from the shared pool to an App's, or back where `count` is below 0. */
  move(subject: PidOfCompany, appId: string, count: number): void {
    this.pool(subject, SHARED).granted -= count;
    this.pool(subject, appId).granted += count;
  }

  /** Writes the pools whose size changed. The CHECK of the table is the backstop. */
  async store(): Promise<void> {
    const changed = [...this.#stored].flatMap(([pool, stored]) => (pool.granted === stored ? [] : pool));
    if (changed.length === 0) return;
    await this.#db
      .insertInto('quota')
      .columns(columnNames(QUOTA_COLUMNS))
      .expression(selectRows<QuotaTable>(this.#db, QUOTA_COLUMNS, changed))
      .onConflict((conflict) =>
        conflict
          .columns(['cid', 'pid', 'app_id'])
          .doUpdateSet(({ ref }) => ({ granted: ref('excluded.granted') })),
      )
      .execute();
  }

  #add(pool: SeatPool): SeatPool {
    const key = keyOf(pool);
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    this.#pools.set(key, pool);
    this.#stored.set(pool, pool.granted);
    return pool;
  }
}

/** Seats of a pool that nobody uses, leaving aside what a restored server owes. */
export function freeIn({ granted, used }: SeatPool): number {
  return Math.max(0, granted - used);
}

/** Seats of an App's pool that came from the shared one. */
export function allocatedTo({ granted, lineCount }: SeatPool): number {
  return granted - lineCount;
}

/** Seats of an App's pool that may go back to the shared one: allocated, and none that its own lines keep free. */
export function returnableFrom(pool: SeatPool): number {
  const keptFree = pool.lineCount - pool.lineUsed;
  return Math.max(0, Math.min(allocatedTo(pool), freeIn(pool) - keptFree));
}

const EMPTY = { granted: 0, used: 0, overdraft: 0, lineCount: 0, lineUsed: 0 };

const QUOTA_COLUMNS = {
  cid: 'text',
  pid: 'text',
  app_id: 'text',
  granted: 'integer',
  used: 'integer',
  overdraft: 'integer',
} as const satisfies Columns<QuotaTable>;

/** None of the parts holds a space. */
function keyOf({ cid, pid, app_id }: Pick<QuotaTable, 'cid' | 'pid' | 'app_id'>): string {
  return `${cid} ${pid} ${app_id}`;
}
