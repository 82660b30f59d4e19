import type { Kysely } from 'kysely';
import { LicenseError } from '#core/errors.ts';
import type { BulkItemTable } from '../../store/console-tables.ts';
import type { Transaction } from '../../store/database.ts';
import type { LicenseTable, Schema } from '../../store/schema.ts';
import { previewChanges } from '../change-licenses.ts';
import { findLicenses } from '../find-licenses.ts';
import { ACTS, type ActWish } from '../license-acts.ts';
import type { LicenseRow } from '../license-rows.ts';
import { resolveLicenses } from '../resolve-licenses.ts';
import type { BulkChange } from './bulk-change.ts';

/** Licenses gathered in one transaction, so that no other writer waits long. */
const PIECE = 1000;
/** Values of one insert: far from what either engine takes. */
const INSERTED = 500;

/** Rows of a source, and from where to go on; undefined: those were the last. */
interface Piece {
  readonly rows: readonly LicenseRow[];
  readonly next: string | undefined;
}

/**
 * Gathers the next licenses of a bulk change and looks what would come of them; with the last it is ready to be seen.
 *
 * @param list rows of the file that was sent, where that is the source
 */
export async function gatherBulk(
  { db, audit }: Transaction,
  bulk: BulkChange,
  list: readonly LicenseRow[],
): Promise<void> {
  const { rows, next } = await pieceOf(db, bulk, list);
  const found = await resolveLicenses(
    db,
    rows.map(({ name }) => name),
    {},
  );
  const seen = ACTS[bulk.verb].once ? await alreadyIn(db, bulk, found) : undefined;
  const wishes = rows.map((row) => wishOf(bulk, row, found.get(row.name), seen));
  const known = wishes.filter((wish) => !(wish instanceof LicenseError)) as ActWish[];
  const outcomes = (await previewChanges(db, known, ACTS[bulk.verb].change, audit.wallClock)).values();
  const before = bulk.fits + bulk.same + bulk.refused;
  const items = rows.map((row, index): BulkItemTable => {
    const wish = wishes[index] as ActWish | LicenseError;
    const outcome =
      wish instanceof LicenseError ? { ok: false as const, error: wish } : outcomes.next().value;
    if (outcome === undefined) throw new LicenseError('internal');
    const { name, toLicenseKey, label, group } = row;
    return {
      ...{ bulk_id: bulk.bulk_id, position: before + index + 1, name },
      license: wish instanceof LicenseError ? null : wish.license,
      wish: JSON.stringify({ toLicenseKey, label, group }),
      outcome: outcome.ok ? (outcome.changed ? 'fits' : 'same') : 'refused',
      problem: outcome.ok ? null : JSON.stringify({ code: outcome.error.code, detail: outcome.error.detail }),
      before: null,
    };
  });
  for (let start = 0; start < items.length; start += INSERTED)
    await db
      .insertInto('bulk_item')
      .values(items.slice(start, start + INSERTED))
      .execute();
  const count = (outcome: BulkItemTable['outcome']) =>
    items.filter((item) => item.outcome === outcome).length;
  await db
    .updateTable('bulk_change')
    .set(({ eb }) => ({
      fits: eb('fits', '+', count('fits')),
      same: eb('same', '+', count('same')),
      refused: eb('refused', '+', count('refused')),
      ...(next === undefined ? { state: 'ready' as const, place: '' } : { place: next }),
    }))
    .where('bulk_id', '=', bulk.bulk_id)
    .where('state', '=', 'gathering')
    .execute();
}

async function pieceOf(
  db: Kysely<Schema>,
  { source, place, created_at: now, cid }: BulkChange,
  list: readonly LicenseRow[],
): Promise<Piece> {
  switch (source.kind) {
    case 'file': {
      const start = Number(place);
      const end = start + PIECE;
      return { rows: list.slice(start, end), next: end < list.length ? String(end) : undefined };
    }
    case 'filter': {
      const filter = { ...source.filter, ...(cid !== null && { cid }) };
      const { licenses, next } = await findLicenses(db, filter, { after: place, limit: PIECE, now });
      return { rows: licenses.map(({ license }) => ({ name: license, toLicenseKey: '' })), next };
    }
    case 'undo': {
      const items = await db
        .selectFrom('bulk_item')
        .select(['position', 'license', 'before'])
        .where('bulk_id', '=', source.of)
        .where('position', '>', Number(place))
        .where('outcome', '=', 'changed')
        .orderBy('position')
        .limit(PIECE)
        .execute();
      const rows = items.map(({ license, before }) => ({
        ...{ name: license ?? '', toLicenseKey: '' },
        ...(before === null ? {} : (JSON.parse(before) as Pick<LicenseRow, 'label' | 'group'>)),
      }));
      return { rows, next: items.length < PIECE ? undefined : String(items.at(-1)?.position) };
    }
  }
}

/** Licenses of this piece that an earlier one holds; this piece adds its own. */
async function alreadyIn(
  db: Kysely<Schema>,
  { bulk_id }: BulkChange,
  found: ReadonlyMap<string, LicenseTable | LicenseError>,
): Promise<Set<string>> {
  const licenses = [...found.values()].flatMap((each) =>
    each instanceof LicenseError ? [] : [each.license],
  );
  if (licenses.length === 0) return new Set();
  const rows = await db
    .selectFrom('bulk_item')
    .select('license')
    .where('bulk_id', '=', bulk_id)
    .where('license', 'in', licenses)
    .execute();
  return new Set(rows.map(({ license }) => license ?? ''));
}

function wishOf(
  { cid, user_name, wish }: BulkChange,
  row: LicenseRow,
  found: LicenseTable | LicenseError | undefined,
  seen: Set<string> | undefined,
): ActWish | LicenseError {
  if (found instanceof LicenseError) return found;
  if (found === undefined || (cid !== null && found.cid !== cid))
    return new LicenseError('unknown_license', { name: row.name });
  if (seen?.has(found.license)) {
    const problem = { en: 'stands twice in the list', zh: '在列表中出现两次' };
    return new LicenseError('parameter_invalid', { name: 'license', problem });
  }
  seen?.add(found.license);
  const { toLicenseKey, label = wish.label, group = wish.group } = row;
  return {
    ...{ cid: found.cid, license: found.license, actor: `user:${user_name}` },
    ...{ toLicenseKey, label, group, renewId: wish.renewId },
  };
}
