import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Schema } from '../store/schema.ts';

/** A look over times that passes a line: what lies after `since`, up to `until`, is told; begun after `position`. */
export interface ScanPass {
  readonly name: string;
  readonly since: EpochSeconds;
  readonly until: EpochSeconds;
  /** What was looked at last, where an earlier piece of the same pass ended. */
  readonly position: unknown;
}

export interface PassBounds {
  /** Where the very first pass begins. */
  readonly first: EpochSeconds;
  readonly until: EpochSeconds;
}

/** A line this far ahead of the clock was drawn by a clock that was wrong, and is drawn again; in seconds. */
const TOLERATED_LEAD_SECONDS = 3_600;

/** The pass that is under way, or a new one from where the last ended; undefined where time has not moved. */
export async function passOf(
  db: Kysely<Schema>,
  name: string,
  { first, until }: PassBounds,
): Promise<ScanPass | undefined> {
  const stored = await db.selectFrom('alert_scan').selectAll().where('name', '=', name).executeTakeFirst();
  if (stored !== undefined && stored.position !== '')
    return { name, since: stored.since, until: stored.until, position: JSON.parse(stored.position) };
  const since = stored?.until ?? first;
  if (since < until) return { name, since, until, position: undefined };
  if (stored === undefined || since > until + TOLERATED_LEAD_SECONDS)
    await storePass(db, { name, since: until, until, position: undefined }, undefined);
  return undefined;
}

/**
 * Writes how far a pass is.
 *
 * @param position what was looked at last; undefined where the pass is over
 */
export async function storePass(
  db: Kysely<Schema>,
  { name, since, until }: ScanPass,
  position: unknown,
): Promise<void> {
  const row = { since, until, position: position === undefined ? '' : JSON.stringify(position) };
  await db
    .insertInto('alert_scan')
    .values({ name, ...row })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
    .execute();
}
