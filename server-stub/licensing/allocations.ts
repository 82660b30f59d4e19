import type { Kysely } from 'kysely';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import { rowsOf } from '../store/rows.ts';
import type { AllocationTable, Schema } from '../store/schema.ts';
import { lastPosition } from './record-allocations.ts';

export interface AllocationPage {
  /** Of all pages. */
  readonly count: number;
  /** Newest first. */
  readonly list: readonly ListedAllocation[];
}

export interface ListedAllocation extends Pick<AllocationTable, 'pid' | 'creator' | 'count' | 'created_at'> {
  readonly validity: PurchaseTerms['validity'];
}

export interface AllocationQuery {
  readonly appId: string;
  readonly pid?: string | undefined;
  /** From 1. */
  readonly page: number;
  readonly size: number;
}

/** A page of an App's allocations, of one PID or all. Positions have no gaps, so the last page costs what the first does. */
export async function allocations(
  db: Kysely<Schema>,
  { appId, pid, page, size }: AllocationQuery,
): Promise<AllocationPage> {
  const count = await lastPosition(db, appId, pid);
  const newest = count - (page - 1) * size;
  if (newest < 1) return { count, list: [] };
  const position = pid === undefined ? 'position' : 'pid_position';
  let query = db
    .selectFrom('allocation')
    .select(['cid', 'pid', 'creator', 'count', 'created_at'])
    .where('app_id', '=', appId)
    .where(position, '<=', newest)
    .where(position, '>', newest - size)
    .orderBy(position, 'desc');
  if (pid !== undefined) query = query.where('pid', '=', pid);
  const rows = await query.execute();
  const validities = await validitiesOf(db, rows);
  const list = rows.map(({ cid, ...row }) => {
    const validity = validities.get(`${cid} ${row.pid}`);
    if (validity === undefined)
      throw new Error(`PID ${row.pid} was allocated, but no line of the vendor has it`);
    return { ...row, validity };
  });
  return { count, list };
}

/** The validity of each PID; every line of one says the same. */
async function validitiesOf(
  db: Kysely<Schema>,
  subjects: readonly Pick<AllocationTable, 'cid' | 'pid'>[],
): Promise<Map<string, PurchaseTerms['validity']>> {
  if (subjects.length === 0) return new Map();
  const distinct = [...new Map(subjects.map(({ cid, pid }) => [`${cid} ${pid}`, { cid, pid }])).values()];
  const firsts = await db
    .selectFrom(rowsOf<(typeof distinct)[number]>(db, { cid: 'text', pid: 'text' }, distinct).as('r'))
    .innerJoin('terms', (join) => join.onRef('terms.cid', '=', 'r.cid').onRef('terms.pid', '=', 'r.pid'))
    .where('terms.kind', '=', 'purchase')
    .select(({ fn }) => ['terms.cid', 'terms.pid', fn.min('terms.terms_id').as('terms_id')])
    .groupBy(['terms.cid', 'terms.pid'])
    .execute();
  const lines = await db
    .selectFrom('terms')
    .select(['cid', 'pid', 'claims'])
    .where(
      'terms_id',
      'in',
      firsts.map(({ terms_id }) => terms_id),
    )
    .execute();
  return new Map(
    lines.map(({ cid, pid, claims }) => {
      const { validity }: PurchaseTerms = JSON.parse(claims);
      return [`${cid} ${pid}`, validity];
    }),
  );
}
