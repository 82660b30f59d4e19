import type { Kysely, Selectable } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { BulkChangeTable, BulkItemTable } from '../../store/console-tables.ts';
import type { Transaction } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import type { LicenseVerb } from '../license-acts.ts';
import type { LicenseFilter } from '../license-filter.ts';

/** What holds for all licenses of a bulk change. */
export interface BulkWish {
  readonly renewId?: string | undefined;
  readonly label?: string | undefined;
  readonly group?: string | undefined;
}

/** Where its licenses come from: a filter, a list that somebody sent, or what another bulk change did. */
export type BulkSource =
  | { readonly kind: 'filter'; readonly filter: LicenseFilter }
  | { readonly kind: 'file'; readonly name: string; readonly rows: number }
  | { readonly kind: 'undo'; readonly of: string };

export interface BulkChange extends Omit<Selectable<BulkChangeTable>, 'verb' | 'wish' | 'source'> {
  readonly verb: LicenseVerb;
  readonly wish: BulkWish;
  readonly source: BulkSource;
}

export type BulkItem = Selectable<BulkItemTable>;

export interface NewBulkChange {
  readonly cid: string | null;
  readonly userName: string;
  readonly verb: LicenseVerb;
  readonly wish: BulkWish;
  readonly source: BulkSource;
}

/** By what it is undone; what is not here cannot be. */
export const UNDO: Partial<Record<LicenseVerb, LicenseVerb>> = {
  suspend: 'resume',
  resume: 'suspend',
  release: 'resume',
  label: 'label',
};

/** Begins one: nothing is changed before a person has seen what it comes to. */
export async function createBulkChange(
  { db, audit }: Transaction,
  { cid, userName, verb, wish, source }: NewBulkChange,
): Promise<string> {
  const bulkId = newId();
  await db
    .insertInto('bulk_change')
    .values({
      ...{ bulk_id: bulkId, cid, user_name: userName, verb, state: 'gathering' },
      ...{ wish: JSON.stringify(wish), source: JSON.stringify(source) },
      ...{ created_at: audit.wallClock, ended_at: null },
    })
    .execute();
  return bulkId;
}

/**
 * One of them.
 *
 * @param cid of whom it must be; undefined: of anybody
 * @throws `unknown_bulk_change`
 */
export async function bulkChange(db: Kysely<Schema>, bulkId: string, cid?: string): Promise<BulkChange> {
  const row = await db.selectFrom('bulk_change').selectAll().where('bulk_id', '=', bulkId).executeTakeFirst();
  if (row === undefined || (cid !== undefined && row.cid !== cid))
    throw new LicenseError('unknown_bulk_change', { id: bulkId });
  return parsed(row);
}

const SHOWN = 50;

/** The newest of a company, or of all, the newest first. */
export async function bulkChanges(db: Kysely<Schema>, cid?: string): Promise<BulkChange[]> {
  const rows = await db
    .selectFrom('bulk_change')
    .selectAll()
    .$if(cid !== undefined, (query) => query.where('cid', '=', cid ?? ''))
    .orderBy('created_at', 'desc')
    .orderBy('bulk_id', 'desc')
    .limit(SHOWN)
    .execute();
  return rows.map(parsed);
}

/**
 * Lets what was looked at be carried out.
 *
 * @throws `bulk_change_not_ready`
 */
export async function startBulkChange({ db }: Transaction, { bulk_id: id }: BulkChange): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('bulk_change')
    .set({ state: 'running', place: '' })
    .where('bulk_id', '=', id)
    .where('state', '=', 'ready')
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new LicenseError('bulk_change_not_ready', { id });
}

/** Ends it where it is: what is done stays done, the rest is left. */
export async function cancelBulkChange(
  { db }: Pick<Transaction, 'db'>,
  { bulk_id: id }: Pick<BulkChange, 'bulk_id'>,
  now: EpochSeconds,
): Promise<void> {
  await db
    .updateTable('bulk_change')
    .set({ state: 'cancelled', ended_at: now })
    .where('bulk_id', '=', id)
    .where('state', 'in', ['gathering', 'ready', 'running'])
    .execute();
}

function parsed({ verb, wish, source, ...row }: Selectable<BulkChangeTable>): BulkChange {
  return { ...row, verb: verb as LicenseVerb, wish: JSON.parse(wish), source: JSON.parse(source) };
}
