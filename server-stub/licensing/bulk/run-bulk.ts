import type { Transaction } from '../../store/database.ts';
import { rowsOf } from '../../store/rows.ts';
import type { LicenseTable } from '../../store/schema.ts';
import { changeLicenses, type LicenseOutcome, licensesByValue } from '../change-licenses.ts';
import { ACTS, type ActWish } from '../license-acts.ts';
import type { BulkChange, BulkItem } from './bulk-change.ts';

/** Licenses changed in one transaction, so that no other writer waits long. */
const PIECE = 500;

type Ended = Pick<BulkItem, 'position' | 'problem' | 'before'> & { readonly outcome: BulkItem['outcome'] };

/**
 * Carries out the next licenses of a bulk change, what came of each within the same transaction: whatever kills the
 * server, none is done twice and none left out.
 */
export async function runBulk({ db, audit }: Transaction, bulk: BulkChange): Promise<void> {
  const items = await db
    .selectFrom('bulk_item')
    .selectAll()
    .where('bulk_id', '=', bulk.bulk_id)
    .where('position', '>', Number(bulk.place))
    .where('outcome', '=', 'fits')
    .orderBy('position')
    .limit(PIECE)
    .execute();
  const licenses = await licensesByValue(
    db,
    items.map(({ license }) => license ?? ''),
  );
  const before = beforeOf(bulk, licenses);
  const wishes = items.map((item) => wishOf(bulk, item, licenses.get(item.license ?? '')?.cid ?? ''));
  const outcomes = await changeLicenses({ db, audit }, wishes, ACTS[bulk.verb].change);
  const ended = items.map(({ position }, index) => endOf(position, outcomes[index], before));
  if (ended.length > 0) await store(db, bulk, ended);
  const count = (outcome: BulkItem['outcome']) => ended.filter((item) => item.outcome === outcome).length;
  const isLast = items.length < PIECE;
  await db
    .updateTable('bulk_change')
    .set(({ eb }) => ({
      fits: eb('fits', '-', ended.length),
      changed: eb('changed', '+', count('changed')),
      same: eb('same', '+', count('same')),
      failed: eb('failed', '+', count('failed')),
      place: String(items.at(-1)?.position ?? bulk.place),
      ...(isLast && { state: 'ended' as const, ended_at: audit.wallClock }),
    }))
    .where('bulk_id', '=', bulk.bulk_id)
    .execute();
}

/** What a label was, so that it can be given back. */
function beforeOf(
  { verb }: BulkChange,
  licenses: ReadonlyMap<string, LicenseTable>,
): ReadonlyMap<string, string> {
  if (verb !== 'label') return new Map();
  return new Map(
    [...licenses].map(([value, { label, group_name: group }]) => [value, JSON.stringify({ label, group })]),
  );
}

function wishOf({ user_name, wish }: BulkChange, item: BulkItem, cid: string): ActWish {
  const { toLicenseKey = '', label = wish.label, group = wish.group } = JSON.parse(item.wish);
  return {
    ...{ cid, license: item.license ?? '', actor: `user:${user_name}` },
    ...{ toLicenseKey, label, group, renewId: wish.renewId },
  };
}

function endOf(
  position: number,
  outcome: LicenseOutcome | undefined,
  before: ReadonlyMap<string, string>,
): Ended {
  if (outcome?.ok !== true) {
    const { code, detail } = outcome?.error ?? { code: 'internal', detail: {} };
    return { position, outcome: 'failed', problem: JSON.stringify({ code, detail }), before: null };
  }
  const { changed, license } = outcome;
  return {
    ...{ position, outcome: changed ? 'changed' : 'same', problem: null },
    before: before.get(license.license) ?? null,
  };
}

async function store(db: Transaction['db'], { bulk_id }: BulkChange, ended: readonly Ended[]): Promise<void> {
  const columns = { position: 'integer', outcome: 'text', problem: 'text', before: 'text' } as const;
  await db
    .updateTable('bulk_item')
    .from(rowsOf<Ended>(db, columns, ended).as('r'))
    .set(({ ref }) => ({
      outcome: ref('r.outcome'),
      problem: ref('r.problem'),
      before: ref('r.before'),
    }))
    .where('bulk_id', '=', bulk_id)
    .whereRef('bulk_item.position', '=', 'r.position')
    .execute();
}
