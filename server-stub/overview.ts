import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { startOfDay } from '#core/local-time.ts';
import { countDeliveries } from './alerts/overview.ts';
import {
  countActivated,
  countEnding,
  countLicenses,
  type LicenseCounts,
} from './licensing/count-licenses.ts';
import { poolsOf } from './licensing/pools.ts';
import { waitingForRenewal } from './licensing/renewal-shortage.ts';
import type { Schema } from './store/schema.ts';

const DAY = 86_400;
/** Days before today whose activations are told. */
const DAYS_BACK = 29;
const ENDING_DAYS = [30, 60, 90] as const;
/** A certificate that ends within so many days is told of. */
const CERTIFICATE_DAYS = 90;

/** Something that a person should look at. */
export type Notice =
  | { readonly kind: 'certificate'; readonly cid: string; readonly endsAt: EpochSeconds | null }
  | {
      readonly kind: 'quota';
      readonly cid: string;
      readonly pid: string;
      readonly appId: string;
      readonly granted: number;
      readonly used: number;
    }
  | {
      readonly kind: 'renewals';
      readonly cid: string;
      readonly pid: string;
      readonly appId: string;
      readonly waiting: number;
    }
  | { readonly kind: 'alerts'; readonly channel: string; readonly failing: number };

export interface Overview {
  readonly counts: LicenseCounts;
  /** Active licenses that end within so many days. */
  readonly ending: readonly { readonly days: number; readonly count: number }[];
  /** By day of the server's zone, the oldest first, today last. */
  readonly activations: readonly { readonly day: string; readonly count: number }[];
  readonly notices: readonly Notice[];
}

/**
 * What one sees at a glance: of a company, or of all.
 *
 * @param quotaPercent share of a pool that is used when it is told of
 */
export async function overview(
  db: Kysely<Schema>,
  company: string | undefined,
  { now, zone, quotaPercent }: { now: EpochSeconds; zone: string; quotaPercent: number },
): Promise<Overview> {
  const companies = await db
    .selectFrom('company')
    .select('cid')
    .$if(company !== undefined, (query) => query.where('cid', '=', company ?? ''))
    .orderBy('cid')
    .execute();
  const cids = companies.map(({ cid }) => cid);
  const each = async <T>(count: (cid: string) => Promise<T>): Promise<T[]> => {
    const found: T[] = [];
    for (const cid of cids) found.push(await count(cid));
    return found;
  };

  const counts = sumOf(await each((cid) => countLicenses(db, cid, now)));
  const ending: { days: number; count: number }[] = [];
  for (const days of ENDING_DAYS) {
    const { days: from, count: before } = ending.at(-1) ?? { days: 0, count: 0 };
    const more = await each((cid) => countEnding(db, cid, now + from * DAY, now + days * DAY));
    ending.push({ days, count: before + total(more) });
  }
  const activations: { day: string; count: number }[] = [];
  for (const day of daysUntil(now, zone)) {
    const [from, before] = [startOfDay(day, zone), startOfDay(day.add({ days: 1 }), zone)];
    const more = await each((cid) => countActivated(db, cid, from, before));
    activations.push({ day: day.toString(), count: total(more) });
  }
  return {
    ...{ counts, ending, activations },
    notices: [
      ...(await endingCertificates(db, cids, now)),
      ...(await fullPools(db, company, quotaPercent)),
      ...(await waitingRenewals(db, cids)),
      ...(company === undefined ? await failingAlerts(db) : []),
    ],
  };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function sumOf(counts: readonly LicenseCounts[]): LicenseCounts {
  const of = (state: keyof LicenseCounts) => total(counts.map((each) => each[state]));
  return {
    active: of('active'),
    expired: of('expired'),
    suspended: of('suspended'),
    released: of('released'),
    transferred: of('transferred'),
  };
}

/** Today and the days before it, the oldest first. */
function daysUntil(now: EpochSeconds, zone: string): Temporal.PlainDate[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now * 1000)
    .toZonedDateTimeISO(zone)
    .toPlainDate();
  return Array.from({ length: DAYS_BACK + 1 }, (_, index) => today.subtract({ days: DAYS_BACK - index }));
}

/** Companies whose last certificate ends soon, has ended, or never came. */
async function endingCertificates(
  db: Kysely<Schema>,
  cids: readonly string[],
  now: EpochSeconds,
): Promise<Notice[]> {
  const rows = await db
    .selectFrom('issuer_certificate')
    .select(['cid', ({ fn }) => fn.max('exp').as('endsAt')])
    .groupBy('cid')
    .execute();
  const ends = new Map(rows.map(({ cid, endsAt }) => [cid, Number(endsAt)]));
  return cids
    .map((cid) => ({ kind: 'certificate' as const, cid, endsAt: ends.get(cid) ?? null }))
    .filter(({ endsAt }) => endsAt === null || endsAt - now < CERTIFICATE_DAYS * DAY);
}

async function fullPools(
  db: Kysely<Schema>,
  company: string | undefined,
  percent: number,
): Promise<Notice[]> {
  const pools = await poolsOf(db, company);
  return pools
    .filter(({ granted, used }) => granted > 0 && used * 100 >= granted * percent)
    .map(({ cid, pid, appId, granted, used }) => ({ kind: 'quota', cid, pid, appId, granted, used }));
}

async function waitingRenewals(db: Kysely<Schema>, cids: readonly string[]): Promise<Notice[]> {
  const rows = await waitingForRenewal(db);
  return rows
    .filter(({ cid }) => cids.includes(cid))
    .map(({ cid, pid, appId, waiting }) => ({ kind: 'renewals', cid, pid, appId, waiting }));
}

async function failingAlerts(db: Kysely<Schema>): Promise<Notice[]> {
  const channels = await countDeliveries(db);
  return channels
    .map(({ channel, failing, givenUp }) => ({
      kind: 'alerts' as const,
      channel,
      failing: Number(failing) + Number(givenUp),
    }))
    .filter(({ failing }) => failing > 0);
}
