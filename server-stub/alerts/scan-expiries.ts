import { type Kysely, sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Store, Transaction } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { type Happening, licensesHappened, type OwnedLicense } from './alert-event.ts';
import { type AlertQueue, NEWS_SECONDS } from './alert-queue.ts';
import { type PassBounds, passOf, type ScanPass, storePass } from './scan-pass.ts';

const DAY = 86_400;
/** Licenses in one transaction. */
const PIECE = 1_000;

/** When an end is told: so many days before it, and after it. The nearest alone is told where several were missed. */
const STAGES = [30, 7, 1, 0] as const;
type Stage = (typeof STAGES)[number];

/** The license that was told last: they are told App by App, PID by PID, by expireTime, by license. */
type Position = readonly [appId: string, pid: string, expireTime: EpochSeconds, license: string];

/**
 * Queues license.expiring and license.expired: for each stage, the licenses whose expireTime came within its days
 * since the last look, found by an index. A license that was renewed meanwhile is not among them, and comes into
 * reach again by its new end.
 */
export async function scanExpiries(
  store: Store,
  queue: AlertQueue,
  now: EpochSeconds,
  ended: AbortSignal,
): Promise<void> {
  for (const [index, days] of STAGES.entries()) {
    const nearer = STAGES[index + 1];
    // What a nearer stage tells, this one does not; nor is an end told that is no news.
    const earliest = nearer === undefined ? now - NEWS_SECONDS : now + nearer * DAY;
    const bounds = { first: nearer === undefined ? now : earliest, until: now + days * DAY };
    // The line of what nobody wants stands still: who wants it later is told what is near then.
    if (!queue.wantsAny(days === 0 ? 'license.expired' : 'license.expiring')) continue;
    const piece = ({ db }: Transaction) => tellPiece(db, queue, { days, earliest, bounds, now });
    while (!ended.aborted && (await store.write(now, piece)));
  }
}

interface StageLook {
  readonly days: Stage;
  readonly earliest: EpochSeconds;
  readonly bounds: PassBounds;
  readonly now: EpochSeconds;
}

/** Tells some licenses of a stage; gives whether there may be more. */
async function tellPiece(
  db: Kysely<Schema>,
  queue: AlertQueue,
  { days, earliest, bounds, now }: StageLook,
): Promise<boolean> {
  const pass = await passOf(db, `expiry.${days}`, bounds);
  if (pass === undefined) return false;
  const licenses = await nextLicenses(db, pass, Math.max(pass.since, earliest));
  await queue.enqueue(db, happeningsOf(days, licenses, now), now);
  const last = licenses.length < PIECE ? undefined : licenses.at(-1);
  const position: Position | undefined = last && [last.appId, last.pid, last.expireTime, last.license];
  await storePass(db, pass, position);
  return position !== undefined;
}

function happeningsOf(days: Stage, licenses: readonly OwnedLicense[], now: EpochSeconds): Happening[] {
  return days === 0
    ? licensesHappened('license.expired', now, licenses, {})
    : licensesHappened('license.expiring', now, licenses, { daysLeft: days });
}

/** The next licenses that end after one time and up to another: of each App and PID a range of the index by end. */
async function nextLicenses(
  db: Kysely<Schema>,
  { until, position }: ScanPass,
  after: EpochSeconds,
): Promise<OwnedLicense[]> {
  const [fromApp, fromPid, fromTime, fromLicense] = (position ?? ['', '', 0, '']) as Position;
  const owners = await db
    .selectFrom('app')
    .innerJoin('quota', 'quota.cid', 'app.cid')
    .select(['app.app_id', 'quota.pid'])
    .distinct()
    .where(sql<boolean>`(app.app_id, quota.pid) >= (${fromApp}, ${fromPid})`)
    .orderBy('app.app_id')
    .orderBy('quota.pid')
    .execute();
  const found: OwnedLicense[] = [];
  for (const { app_id, pid } of owners) {
    if (found.length >= PIECE) break;
    // One lower bound: with two, SQLite may begin at the wrong one and read all that was told already.
    const goesOn = app_id === fromApp && pid === fromPid && fromTime > after;
    const licenses = await db
      .selectFrom('license')
      .select([
        'cid',
        'app_id as appId',
        'pid',
        'license',
        'license_key as licenseKey',
        'expire_time as expireTime',
      ])
      .where('app_id', '=', app_id)
      .where('pid', '=', pid)
      .where('expire_time', goesOn ? '>=' : '>', goesOn ? fromTime : after)
      .where('expire_time', '<=', until)
      .$if(goesOn, (query) =>
        query.where(({ or, eb }) => or([eb('expire_time', '>', fromTime), eb('license', '>', fromLicense)])),
      )
      .where('state', 'in', ['active', 'suspended'])
      .orderBy('expire_time')
      .orderBy('license')
      .limit(PIECE - found.length)
      .execute();
    found.push(...licenses);
  }
  return found;
}
