import { type Kysely, sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { besideNumber } from '../store/beside.ts';
import type { LicenseState, Schema } from '../store/schema.ts';
import { licenseCounts } from './number-licenses.ts';

/** Licenses by their states as people see them: what is past its end is expired and not active. */
export interface LicenseCounts {
  readonly active: number;
  readonly expired: number;
  readonly suspended: number;
  readonly released: number;
  readonly transferred: number;
}

/** Entries of an index counted at once: a few milliseconds, after which others have their turn. */
const PIECE = 50_000;
const HIGHEST = '\u{10ffff}';

/** How many licenses of a company are in which state. */
export async function countLicenses(
  db: Kysely<Schema>,
  cid: string,
  now: EpochSeconds,
): Promise<LicenseCounts> {
  const apps = await db.selectFrom('app').select('app_id').where('cid', '=', cid).execute();
  const counts = await licenseCounts(
    db,
    apps.map(({ app_id }) => app_id),
  );
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const expired = await countEnding(db, cid, 0, now);
  const other = await otherStates(db, cid);
  const of = (state: LicenseState) => other.get(state) ?? 0;
  const [suspended, released, transferred] = [of('suspended'), of('released'), of('transferred')];
  const active = all - expired - suspended - released - transferred;
  return { active, expired, suspended, released, transferred };
}

/** Active licenses of a company that end after one moment, up to another. */
export async function countEnding(
  db: Kysely<Schema>,
  cid: string,
  after: EpochSeconds,
  upTo: EpochSeconds,
): Promise<number> {
  const all = await countAlong(db, cid, 'expire_time', [after + 1, upTo]);
  // That index holds all states; those that are not active are few, and have one of their own.
  const end = besideNumber('expire_time');
  const other = await db
    .selectFrom('license')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('cid', '=', cid)
    .where('state', '<>', 'active')
    .where(end, '>', after)
    .where(end, '<=', upTo)
    .executeTakeFirstOrThrow();
  return all - Number(other.count);
}

/** Licenses of a company that were activated from one moment until before another, whatever became of them. */
export function countActivated(
  db: Kysely<Schema>,
  cid: string,
  from: EpochSeconds,
  before: EpochSeconds,
): Promise<number> {
  return countAlong(db, cid, 'activation_time', [from, before - 1]);
}

async function otherStates(db: Kysely<Schema>, cid: string): Promise<Map<LicenseState, number>> {
  const rows = await db
    .selectFrom('license')
    .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
    .where('cid', '=', cid)
    .where('state', '<>', 'active')
    .groupBy('state')
    .execute();
  return new Map(rows.map(({ state, count }) => [state, Number(count)]));
}

/** Entries of an index between two values, both included; counted piece by piece. */
async function countAlong(
  db: Kysely<Schema>,
  cid: string,
  column: 'expire_time' | 'activation_time',
  [from, to]: readonly [number, number],
): Promise<number> {
  let count = 0;
  for (let place: readonly [number, string] = [from, '']; ; count += PIECE) {
    const rest = db
      .selectFrom('license')
      .select([column, 'license'])
      .where('cid', '=', cid)
      .where(
        sql<boolean>`(${sql.ref(column)}, license) > (${sql.join([...place])}) and (${sql.ref(column)}, license) <= (${to}, ${HIGHEST})`,
      )
      .orderBy(column)
      .orderBy('license');
    const end = await rest
      .limit(1)
      .offset(PIECE - 1)
      .executeTakeFirst();
    if (end === undefined) {
      const { left } = await db
        .selectFrom(rest.as('rest'))
        .select(({ fn }) => fn.countAll<number>().as('left'))
        .executeTakeFirstOrThrow();
      return count + Number(left);
    }
    place = [end[column], end.license];
    await new Promise((turn) => setImmediate(turn));
  }
}
