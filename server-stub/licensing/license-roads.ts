import type { ExpressionBuilder, Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Schema } from '../store/schema.ts';
import type { LicenseCondition, LicenseFilter } from './license-filter.ts';

/** A range of one index in which what is looked for lies close together, in its order. */
export interface Road {
  /** Roads are walked in the order of their names. */
  readonly name: string;
  /** What the first columns of the index are. */
  readonly conditions: (eb: ExpressionBuilder<Schema, 'license'>) => readonly LicenseCondition[];
  /** The columns after those; together they name one license. */
  readonly order: readonly RoadColumn[];
  /** Between which places it lies, both of them on it; without, it has all that the conditions leave. */
  readonly range?: readonly [first: Place, last: Place];
  readonly direction: 'asc' | 'desc';
}

/** A value for each column of the order; none: before the beginning. */
export type Place = readonly (string | number)[];

export type RoadColumn = 'license' | 'license_key' | 'pid' | 'position' | 'activation_time' | 'expire_time';

/** Higher than every character that a LicenseKey or a license value may hold. */
const LAST = '\u{10ffff}';

/**
 * The roads that lead to everything a filter matches: by LicenseKey, by end, by state, by group, by App, by company, or
 * over all, whichever is the shortest. What ends is told by its end, names in their order, the rest by activation.
 */
export async function roadsOf(
  db: Kysely<Schema>,
  filter: LicenseFilter,
  { now, newestFirst }: { readonly now: EpochSeconds; readonly newestFirst: boolean },
): Promise<Road[]> {
  const { cid, appId, state, group, key, endingBefore } = filter;
  const direction = newestFirst ? 'desc' : 'asc';
  if (key !== undefined) return byKey(key, await apps(db, filter));
  if (appId !== undefined)
    return [{ name: appId, conditions: (eb) => [eb('app_id', '=', appId)], order: ['position'], direction }];
  const wanted = cid === undefined ? await companies(db) : [cid];
  const perCompany = (road: Omit<Road, 'name'>): Road[] =>
    wanted.map((name) => ({
      ...road,
      name,
      conditions: (eb) => [eb('cid', '=', name), ...road.conditions(eb)],
    }));
  if (endingBefore !== undefined)
    return perCompany({
      conditions: () => [],
      order: ['expire_time', 'license'],
      range: [
        [now + 1, ''],
        [endingBefore, LAST],
      ],
      direction: 'asc',
    });
  if (state === 'expired')
    return perCompany({
      conditions: () => [],
      order: ['expire_time', 'license'],
      range: [
        [0, ''],
        [now, LAST],
      ],
      direction,
    });
  if (state === 'suspended' || state === 'released')
    return perCompany({
      conditions: (eb) => [eb('state', '=', state), eb('state', '<>', 'active')],
      order: ['license'],
      direction,
    });
  if (group)
    return perCompany({
      conditions: (eb) => [eb('group_name', '=', group), eb('group_name', '<>', '')],
      order: ['license'],
      direction,
    });
  if (cid === undefined) return [{ name: '', conditions: () => [], order: ['license'], direction }];
  return perCompany({ conditions: () => [], order: ['activation_time', 'license'], direction });
}

/** By license value, then by the LicenseKeys of each App: the index of LicenseKeys begins with the App. */
function byKey(key: string, appIds: readonly string[]): Road[] {
  const value = key.toUpperCase();
  return [
    {
      name: '',
      conditions: () => [],
      order: ['license'],
      range: [[value], [value + LAST]],
      direction: 'asc',
    },
    ...appIds.map(
      (name): Road => ({
        name,
        conditions: (eb) => [
          eb('app_id', '=', name),
          // Those were found by their values.
          eb.not(eb.and([eb('license', '>=', value), eb('license', '<=', value + LAST)])),
        ],
        order: ['license_key', 'pid'],
        range: [
          [key, ''],
          [key + LAST, ''],
        ],
        direction: 'asc',
      }),
    ),
  ];
}

async function companies(db: Kysely<Schema>): Promise<string[]> {
  const rows = await db.selectFrom('company').select('cid').orderBy('cid').execute();
  return rows.map(({ cid }) => cid);
}

async function apps(db: Kysely<Schema>, { cid, appId }: LicenseFilter): Promise<string[]> {
  const rows = await db
    .selectFrom('app')
    .select('app_id')
    .$if(cid !== undefined, (query) => query.where('cid', '=', cid ?? ''))
    .$if(appId !== undefined, (query) => query.where('app_id', '=', appId ?? ''))
    .orderBy('app_id')
    .execute();
  return rows.map(({ app_id }) => app_id);
}
