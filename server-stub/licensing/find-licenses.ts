import { type Kysely, type SqlBool, sql } from 'kysely';
import * as Type from 'typebox';
import Value from 'typebox/value';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import { type LicenseFilter, licenseConditions } from './license-filter.ts';
import { type Place, type Road, type RoadColumn, roadsOf } from './license-roads.ts';

export interface LicensesFound {
  readonly licenses: readonly LicenseTable[];
  /** Where to go on; undefined: that was all. */
  readonly next: string | undefined;
}

/** Licenses looked at for one answer, at most: some 20 ms, after which others have their turn. */
const LOOKED = 20_000;
/** What it costs to find that a road leads nowhere, in licenses looked at. */
const ROAD_COST = 20;
/** Begins small, since what is looked for often lies at hand. */
const FIRST_PIECE = 500;
const GROWTH = 6;

/** The road, and the place on it; none yet at its beginning. */
const Cursor = Type.Tuple([Type.String(), Type.Array(Type.Union([Type.String(), Type.Integer()]))]);
type Cursor = Type.Static<typeof Cursor>;

/**
 * Licenses that a filter matches, a page at a time. What few of many match is looked for piece by piece: an answer may
 * hold fewer than `limit`, none even, and say where to go on, so that no call takes long whatever the store holds.
 *
 * @param after `next` of the answer before; '' or nothing at first
 * @param lookAt licenses looked at, at most
 * @throws `parameter_invalid` where `after` is none
 */
export async function findLicenses(
  db: Kysely<Schema>,
  filter: LicenseFilter,
  {
    after,
    limit,
    now,
    newestFirst = false,
    lookAt = LOOKED,
  }: {
    after?: string | undefined;
    limit: number;
    now: EpochSeconds;
    newestFirst?: boolean;
    lookAt?: number;
  },
): Promise<LicensesFound> {
  const roads = await roadsOf(db, filter, { now, newestFirst });
  const [from, place] = !after ? ['', []] : parseCursor(after);
  const licenses: LicenseTable[] = [];
  let looked = 0;
  for (const road of roads) {
    if (road.name < from) continue;
    if (road.name === from && !isOn(road, place)) throw noPlace();
    let at: Place | undefined = road.name === from ? place : [];
    let size = Math.min(FIRST_PIECE, lookAt - looked);
    while (at !== undefined) {
      if (looked >= lookAt) return { licenses, next: cursorText(road, at) };
      const end: Place | undefined = await endOfPiece(db, road, at, size);
      const wanted = limit - licenses.length + 1;
      const found = await inPiece(db, road, { filter, now, at, end, limit: wanted });
      licenses.push(...found.slice(0, wanted - 1));
      if (found.length === wanted) {
        const last = found[wanted - 2];
        return { licenses, next: cursorText(road, last === undefined ? at : placeOf(road, last)) };
      }
      looked += end === undefined ? ROAD_COST : size;
      size = Math.min(size * GROWTH, lookAt - looked);
      at = end;
    }
  }
  return { licenses, next: undefined };
}

/** Where a piece of so many licenses ends; undefined where the road does before. Reads the index alone. */
async function endOfPiece(
  db: Kysely<Schema>,
  road: Road,
  at: Place,
  size: number,
): Promise<Place | undefined> {
  const row = await along(road, db.selectFrom('license'))
    .select([...road.order])
    .where((eb) => eb.and([...road.conditions(eb), ...between(road, at)]))
    .limit(1)
    .offset(Math.max(size, 1) - 1)
    .executeTakeFirst();
  return row && placeOf(road, row as LicenseTable);
}

function inPiece(
  db: Kysely<Schema>,
  road: Road,
  {
    filter,
    now,
    at,
    end,
    limit,
  }: { filter: LicenseFilter; now: number; at: Place; end: Place | undefined; limit: number },
): Promise<LicenseTable[]> {
  return along(road, db.selectFrom('license'))
    .selectAll()
    .where((eb) =>
      eb.and([...road.conditions(eb), ...between(road, at, end), ...licenseConditions(eb, filter, now)]),
    )
    .limit(limit)
    .execute();
}

/** In the road's order. */
function along<T extends { orderBy(column: RoadColumn, direction: Road['direction']): T }>(
  { order, direction }: Road,
  query: T,
): T {
  return order.reduce((ordered, column) => ordered.orderBy(column, direction), query);
}

/** After one place, up to another, or as far as the road goes. */
function between(road: Road, at: Place, end?: Place) {
  const [first, last] = road.range ?? [];
  const isAscending = road.direction === 'asc';
  const begin = isAscending ? first : last;
  const bounds = [
    at.length > 0
      ? compare(road, isAscending ? '>' : '<', at)
      : begin && compare(road, isAscending ? '>=' : '<=', begin),
    compareUpTo(end ?? (isAscending ? last : first)),
  ];
  return bounds.filter((bound) => bound !== undefined);

  function compareUpTo(place: Place | undefined) {
    return place && compare(road, isAscending ? '<=' : '>=', place);
  }
}

/**
 * Row values: both engines find the place in the index by them. One on each side, since SQLite goes by the first bound
 * alone that it meets.
 */
function compare({ order }: Road, sign: '<' | '<=' | '>' | '>=', place: Place) {
  const columns = sql.join(order.map((column) => sql.ref(column)));
  return sql<SqlBool>`(${columns}) ${sql.raw(sign)} (${sql.join([...place])})`;
}

function placeOf({ order }: Road, row: LicenseTable): Place {
  return order.map((column) => row[column]);
}

function cursorText({ name }: Road, place: Place): string {
  return Buffer.from(JSON.stringify([name, place])).toString('base64url');
}

function parseCursor(text: string): Cursor {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Value.Check(Cursor, value)) return value;
  } catch {}
  throw noPlace();
}

/** Whoever calls may send anything; what an answer said fits its road. */
function isOn({ order }: Road, place: Place): boolean {
  const isNumber = (column: Road['order'][number]) => /time$|^position$/.test(column);
  const fits = place.map((value, index) => isNumber(order[index] ?? 'pid') === (typeof value === 'number'));
  return place.length === 0 || (place.length === order.length && fits.every(Boolean));
}

function noPlace(): LicenseError {
  const problem = { en: 'is no place to go on from', zh: '不是有效的续读位置' };
  return new LicenseError('parameter_invalid', { name: 'after', problem });
}
