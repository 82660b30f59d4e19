import { type Kysely, sql } from 'kysely';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import { rowsOf } from '../store/rows.ts';
import type { QuotaTable, Schema, TermsTable } from '../store/schema.ts';

/** `app_id` of what any App of the company may use. */
export const SHARED = '';

type Pool = QuotaTable & { taken: number };
type Line = Pick<TermsTable, 'terms_id' | 'count' | 'used'> & {
  readonly claims: PurchaseTerms;
  taken: number;
};

export interface SeatOwner {
  readonly cid: string;
  readonly appId: string;
  readonly pid: string;
}

export type SeatOutcome =
  | { readonly taken: true; readonly terms: PurchaseTerms }
  | { readonly taken: false; readonly code: 'unknown_pid' | 'quota_exhausted' };

/**
 * The seats of some PIDs for the length of one transaction: read once, taken in memory in order of arrival,
 * written back together. An App drains its own allocation, then the shared pool; of the vendor's lines, those
 * for the App alone go first, then the oldest with seats. Source: design, Server "Quota"; protocol, Trust.
 */
export class Seats {
  readonly #db: Kysely<Schema>;
  /** By company, PID and App. */
  readonly #pools = new Map<string, Pool>();
  readonly #lines = new Map<string, Line[]>();
  readonly #known = new Set<string>();

  private constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** Rows are read in key order, which is the order in which an engine that locks rows takes its locks. */
  static async load(db: Kysely<Schema>, owners: readonly SeatOwner[]): Promise<Seats> {
    const seats = new Seats(db);
    if (owners.length === 0) return seats;
    const cids = [...new Set(owners.map(({ cid }) => cid))];
    const pids = [...new Set(owners.map(({ pid }) => pid))];
    const pools = await db
      .selectFrom('quota')
      .selectAll()
      .where('cid', 'in', cids)
      .where('pid', 'in', pids)
      .orderBy('cid')
      .orderBy('pid')
      .orderBy('app_id')
      .execute();
    for (const pool of pools) {
      seats.#known.add(key(pool.cid, pool.pid));
      seats.#pools.set(key(pool.cid, pool.pid, pool.app_id), { ...pool, taken: 0 });
    }
    const lines = await db
      .selectFrom('terms')
      .select(['terms_id', 'cid', 'pid', 'app_id', 'count', 'used', 'claims'])
      .where('cid', 'in', cids)
      .where('pid', 'in', pids)
      .where('kind', '=', 'purchase')
      .where('withdrawn', '=', 0)
      .whereRef('used', '<', 'count')
      .orderBy('position')
      .execute();
    for (const { terms_id, cid, pid, app_id, count, used, claims } of lines) {
      const line: Line = { terms_id, count, used, claims: JSON.parse(claims), taken: 0 };
      const siblings = seats.#lines.get(key(cid, pid, app_id));
      if (siblings === undefined) seats.#lines.set(key(cid, pid, app_id), [line]);
      else siblings.push(line);
    }
    return seats;
  }

  /** Takes one seat, or says why there is none. */
  take({ cid, appId, pid }: SeatOwner): SeatOutcome {
    if (!this.#known.has(key(cid, pid))) return { taken: false, code: 'unknown_pid' };
    const owners = [key(cid, pid, appId), key(cid, pid, SHARED)];
    const pool = owners
      .map((owner) => this.#pools.get(owner))
      .find((candidate) => candidate && freeOf(candidate) > 0);
    if (pool === undefined) return { taken: false, code: 'quota_exhausted' };
    const line = owners
      .flatMap((owner) => this.#lines.get(owner) ?? [])
      .find(({ count, used, taken }) => used + taken < count);
    if (line === undefined) throw new Error(`quota of ${pid} has seats that no line of the vendor explains`);
    pool.taken += 1;
    line.taken += 1;
    return { taken: true, terms: line.claims };
  }

  /** Writes what was taken. The CHECKs of both tables are the backstop. */
  async store(): Promise<void> {
    const pools = [...this.#pools.values()].filter(({ taken }) => taken > 0);
    const lines = [...this.#lines.values()].flat().filter(({ taken }) => taken > 0);
    if (pools.length === 0) return;
    await this.#db
      .updateTable('quota')
      .from(
        rowsOf<Pool>(this.#db, { cid: 'text', pid: 'text', app_id: 'text', taken: 'integer' }, pools).as('r'),
      )
      .set({ used: sql<number>`quota.used + r.taken` })
      .whereRef('quota.cid', '=', 'r.cid')
      .whereRef('quota.pid', '=', 'r.pid')
      .whereRef('quota.app_id', '=', 'r.app_id')
      .execute();
    await this.#db
      .updateTable('terms')
      .from(rowsOf<Line>(this.#db, { terms_id: 'text', taken: 'integer' }, lines).as('r'))
      .set({ used: sql<number>`terms.used + r.taken` })
      .whereRef('terms.terms_id', '=', 'r.terms_id')
      .execute();
  }
}

/** None of the parts holds a space. */
function key(...parts: readonly string[]): string {
  return parts.join(' ');
}

function freeOf({ granted, overdraft, used, taken }: Pool): number {
  return granted + overdraft - used - taken;
}
