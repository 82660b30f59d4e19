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

/** The license that was told last: they are told App by App, by expireTime, by license. */
type Position = readonly [appId: string, expireTime: EpochSeconds, license: string];

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
  const position: Position | undefined = last && [last.appId, last.expireTime, last.license];
  await storePass(db, pass, position);
  return position !== undefined;
}

function happeningsOf(days: Stage, licenses: readonly OwnedLicense[], now: EpochSeconds): Happening[] {
  return days === 0
    ? licensesHappened('license.expired', now, licenses, {})
    : licensesHappened('license.expiring', now, licenses, { daysLeft: days });
}

/** The next licenses that end after one time and up to another, App by App. */
async function nextLicenses(
  db: Kysely<Schema>,
  { until, position }: ScanPass,
  after: EpochSeconds,
): Promise<OwnedLicense[]> {
  const [fromApp, fromTime, fromLicense] = (position ?? ['', 0, '']) as Position;
  const apps = await db
    .selectFrom('app')
    .select('app_id')
    .where('app_id', '>=', fromApp)
    .orderBy('app_id')
    .execute();
  const found: OwnedLicense[] = [];
  for (const { app_id } of apps) {
    if (found.length >= PIECE) break;
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
      .where('expire_time', '>', after)
      .where('expire_time', '<=', until)
      .$if(app_id === fromApp, (query) =>
        query
          .where('expire_time', '>=', fromTime)
          .where(sql<boolean>`(expire_time, license) > (${fromTime}, ${fromLicense})`),
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
