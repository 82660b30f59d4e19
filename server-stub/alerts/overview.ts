import { type Kysely, sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Bilingual } from '#core/errors.ts';
import type { AlertDeliveryTable } from '../store/alert-tables.ts';
import type { Transaction } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { AlertChannelConfig } from './channel-config.ts';

/** What waits for a channel, and what became of the last thirty days. */
export interface ChannelCounts {
  readonly channel: string;
  readonly waiting: number;
  /** Of those that wait, how many failed before. */
  readonly failing: number;
  readonly givenUp: number;
  readonly delivered: number;
  /** Since when the oldest waits. */
  readonly waitingSince: EpochSeconds | null;
}

/** A delivery that failed. */
export interface TroubledDelivery {
  readonly eventId: string;
  readonly channel: string;
  readonly type: string;
  readonly cid: string;
  readonly state: AlertDeliveryTable['state'];
  readonly attempts: number;
  readonly since: EpochSeconds;
  readonly nextAt: EpochSeconds;
  readonly problem: Bilingual;
}

/** The counts of every channel that has deliveries, by name. */
export async function countDeliveries(db: Kysely<Schema>): Promise<ChannelCounts[]> {
  const count = (condition: ReturnType<typeof sql<boolean>>) =>
    sql<number>`coalesce(sum(case when ${condition} then 1 else 0 end), 0)`;
  const rows = await db
    .selectFrom('alert_delivery')
    .select([
      'channel',
      count(sql`state = 'waiting'`).as('waiting'),
      count(sql`state = 'waiting' and attempts > 0`).as('failing'),
      count(sql`state = 'given_up'`).as('givenUp'),
      count(sql`state = 'delivered'`).as('delivered'),
      sql<number | null>`min(case when state = 'waiting' then since end)`.as('waitingSince'),
    ])
    .groupBy('channel')
    .orderBy('channel')
    .execute();
  return rows;
}

/** A channel of the configuration or of the queue. */
export interface ChannelOverview extends ChannelCounts {
  /** null: it is in the queue, but not in the configuration any more. */
  readonly kind: AlertChannelConfig['kind'] | null;
}

const NOTHING = { waiting: 0, failing: 0, givenUp: 0, delivered: 0, waitingSince: null };

/** The channels that are configured, then those that something waits for still. */
export async function channelsOf(
  db: Kysely<Schema>,
  configured: readonly AlertChannelConfig[],
): Promise<ChannelOverview[]> {
  const counts = new Map((await countDeliveries(db)).map((row) => [row.channel, row]));
  const kinds = new Map(configured.map(({ name, kind }) => [name, kind]));
  return [...new Set([...kinds.keys(), ...counts.keys()])].map((channel) => ({
    channel,
    kind: kinds.get(channel) ?? null,
    ...(counts.get(channel) ?? NOTHING),
  }));
}

/** Deliveries that were given up or failed, the newest first. */
export async function troubledDeliveries(db: Kysely<Schema>, limit: number): Promise<TroubledDelivery[]> {
  const rows = await db
    .selectFrom('alert_delivery as d')
    .innerJoin('alert_event as e', 'e.event_id', 'd.event_id')
    .select([
      'd.event_id as eventId',
      'd.channel',
      'e.type',
      'e.cid',
      'd.state',
      'd.attempts',
      'd.since',
      'd.next_at as nextAt',
      'd.last_error as problem',
    ])
    .where('d.state', '!=', 'delivered')
    .where('d.last_error', 'is not', null)
    .orderBy('d.event_id', 'desc')
    .orderBy('d.channel')
    .limit(limit)
    .execute();
  return rows.map(({ problem, ...row }) => ({ ...row, problem: JSON.parse(problem ?? '') }));
}

/**
 * Lets what failed or was given up be tried now, as if for the first time: of a channel, or of all. Gives how many.
 */
export async function retryDeliveries(
  { db }: Pick<Transaction, 'db'>,
  now: EpochSeconds,
  channel?: string,
): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('alert_delivery')
    .set({ state: 'waiting', since: now, next_at: now, attempts: 0, ended_at: null })
    .where('state', '!=', 'delivered')
    .where('last_error', 'is not', null)
    .$if(channel !== undefined, (query) => query.where('channel', '=', channel ?? ''))
    .executeTakeFirst();
  return Number(numUpdatedRows);
}
