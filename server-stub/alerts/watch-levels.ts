import { type Kysely, sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Store } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Happening } from './alert-event.ts';
import type { AlertQueue } from './alert-queue.ts';

const DAY = 86_400;

/** Something with a level that only its rise is told of. */
interface Watched {
  /** `quota CID PID APP`, `certificate CID SERIAL`; no part holds a space. */
  readonly subject: string;
  /** What is told of it: higher is worse. */
  readonly level: number;
  readonly told: number | null;
  readonly happening: Happening;
}

/** Quotas of which more than so much is used; told again when nothing is left. One that is refilled begins anew. */
export async function watchQuotas(
  store: Store,
  queue: AlertQueue,
  { now, percent }: { readonly now: EpochSeconds; readonly percent: number },
): Promise<void> {
  const low = (db: Kysely<Schema>) => lowQuotas(db, { now, percent });
  const refilled = (db: Kysely<Schema>) => refilledQuotas(db, percent);
  if ((await refilled(store.reader)).length > 0)
    await store.write(now, async ({ db }) => forgetTold(db, await refilled(db)));
  await tellRises(store, queue, now, low);
}

/** Certificates of this server that end within 90, 30, 7 days: of each company the newest. */
export async function watchCertificates(store: Store, queue: AlertQueue, now: EpochSeconds): Promise<void> {
  await tellRises(store, queue, now, (db) => endingCertificates(db, now));
}

/** Looks beside the writers first: there is seldom anything to tell. */
async function tellRises(
  store: Store,
  queue: AlertQueue,
  now: EpochSeconds,
  look: (db: Kysely<Schema>) => Promise<Watched[]>,
): Promise<void> {
  const risen = async (db: Kysely<Schema>) =>
    (await look(db)).filter(
      ({ level, told, happening: { type, data } }) =>
        (told === null || told < level) && queue.wants(type, data.cid),
    );
  if ((await risen(store.reader)).length === 0) return;
  await store.write(now, async ({ db }) => {
    const rises = await risen(db);
    await queue.enqueue(
      db,
      rises.map(({ happening }) => happening),
      now,
    );
    for (const { subject, level } of rises) {
      await db
        .insertInto('alert_told')
        .values({ subject, level, at: now })
        .onConflict((conflict) => conflict.column('subject').doUpdateSet({ level, at: now }))
        .execute();
    }
  });
}

const ALL_USED = 100;

async function lowQuotas(
  db: Kysely<Schema>,
  { now, percent }: { readonly now: EpochSeconds; readonly percent: number },
): Promise<Watched[]> {
  const rows = await quotas(db)
    .where('q.granted', '>', 0)
    .where(sql<boolean>`q.used * 100 >= q.granted * ${sql.lit(percent)}`)
    .execute();
  return rows.map(({ cid, pid, app_id, granted, used, subject, told }) => ({
    subject,
    level: used >= granted ? ALL_USED : Math.min(percent, ALL_USED - 1),
    told,
    happening: {
      type: 'quota.low',
      at: now,
      data: {
        cid,
        pid,
        appId: app_id === '' ? null : app_id,
        granted,
        used,
        left: Math.max(granted - used, 0),
      },
    },
  }));
}

async function refilledQuotas(db: Kysely<Schema>, percent: number): Promise<string[]> {
  const rows = await quotas(db)
    .where('t.subject', 'is not', null)
    .where(({ or, eb }) =>
      or([
        eb('q.granted', '=', 0),
        sql<boolean>`q.used * 100 < q.granted * ${sql.lit(percent)}`,
        // Told that nothing is left, and now there is something again.
        eb.and([eb('t.level', '=', ALL_USED), sql<boolean>`q.used < q.granted`]),
      ]),
    )
    .execute();
  return rows.map(({ subject }) => subject);
}

function quotas(db: Kysely<Schema>) {
  const subject = sql<string>`'quota ' || q.cid || ' ' || q.pid || ' ' || q.app_id`;
  return db
    .selectFrom('quota as q')
    .leftJoin('alert_told as t', (join) => join.on('t.subject', '=', subject))
    .select(['q.cid', 'q.pid', 'q.app_id', 'q.granted', 'q.used', subject.as('subject'), 't.level as told']);
}

async function forgetTold(db: Kysely<Schema>, subjects: readonly string[]): Promise<void> {
  for (const subject of subjects) await db.deleteFrom('alert_told').where('subject', '=', subject).execute();
}

const CERTIFICATE_DAYS = [90, 30, 7] as const;

async function endingCertificates(db: Kysely<Schema>, now: EpochSeconds): Promise<Watched[]> {
  const subject = sql<string>`'certificate ' || c.cid || ' ' || c.serial`;
  const rows = await db
    .selectFrom('issuer_certificate as c')
    .leftJoin('alert_told as t', (join) => join.on('t.subject', '=', subject))
    .select(['c.cid', 'c.serial', 'c.exp', subject.as('subject'), 't.level as told'])
    .where(({ eb, selectFrom }) =>
      eb(
        'c.serial',
        '=',
        selectFrom('issuer_certificate as n')
          .select(({ fn }) => fn.max('n.serial').as('serial'))
          .whereRef('n.cid', '=', 'c.cid'),
      ),
    )
    .where('c.exp', '<=', now + CERTIFICATE_DAYS[0] * DAY)
    .execute();
  return rows.map(({ cid, serial, exp, subject: name, told }) => {
    const level = CERTIFICATE_DAYS.filter((days) => exp - now <= days * DAY).length;
    const daysLeft = Math.max(Math.ceil((exp - now) / DAY), 0);
    return {
      subject: name,
      level,
      told,
      happening: {
        type: 'server.certificate_expiring',
        at: now,
        data: { cid, serial, expireTime: exp, daysLeft },
      },
    };
  });
}
