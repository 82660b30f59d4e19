import { type Kysely, sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Bilingual } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { AlertDeliveryTable, AlertEventTable } from '../store/alert-tables.ts';
import type { Store } from '../store/database.ts';
import { type Columns, columnNames, rowsOf, selectRows } from '../store/rows.ts';
import type { Schema } from '../store/schema.ts';
import type { AlertEvent, AlertType, Happening } from './alert-event.ts';
import type { Channel } from './channel.ts';

const DAY = 86_400;

/** The longest that a delivery waits for its next attempt. A longer wait in the store is that of a clock which was wrong. */
export const LONGEST_WAIT_SECONDS = 6 * 3600;
/** How long a delivery is tried before it is given up. */
const GIVE_UP_SECONDS = 3 * DAY;
/** Events are forgotten after this, whatever became of them. */
const KEPT_SECONDS = 30 * DAY;
/** What happened longer ago is not told any more: it would have been given up. */
export const NEWS_SECONDS = GIVE_UP_SECONDS;
/** Rows in one transaction, so that no other writer waits long. */
const PIECE = 5_000;

/** An event that this server is to send now, without its data. */
export type ClaimedEvent = Pick<AlertEventTable, 'event_id' | 'cid' | 'type' | 'stage' | 'size'> &
  Pick<AlertDeliveryTable, 'attempts'>;

/** What became of an attempt. */
export type Verdict =
  | { readonly outcome: 'delivered' }
  | { readonly outcome: 'failed'; readonly problem: Bilingual; readonly waitSeconds: number }
  /** Nothing was tried: somebody else, or this server later, may. */
  | { readonly outcome: 'released' };
export type Settlement = Verdict & { readonly eventId: string };

export interface AlertQueueOptions {
  /** How long events for people are held back, so that they are told together. */
  readonly digestSeconds: number;
}

/**
 * Events and their deliveries, in the store: queued in the transaction that moves the cursor of their source,
 * marked delivered only after the receiver said so. So each is delivered at least once, whenever the server dies.
 * Of several servers one claims a delivery; the claim of one that was killed ends by itself.
 */
export class AlertQueue {
  readonly #channels: readonly Channel[];
  readonly #store: Store;
  readonly #digestSeconds: number;

  constructor(store: Store, channels: readonly Channel[], { digestSeconds }: AlertQueueOptions) {
    this.#store = store;
    this.#channels = channels;
    this.#digestSeconds = digestSeconds;
  }

  /** Whether any channel wants such events of this company. */
  wants(type: AlertType, cid: string): boolean {
    return this.#channels.some((channel) => channel.wants(type, cid));
  }

  /** Whether any channel wants such events of any company. */
  wantsAny(type: AlertType): boolean {
    return this.#channels.some((channel) => channel.wants(type));
  }

  /** Queues what happened for those who want it, in the caller's transaction. */
  async enqueue(db: Kysely<Schema>, happenings: readonly Happening[], now: EpochSeconds): Promise<void> {
    const events: AlertEventTable[] = [];
    const deliveries: AlertDeliveryTable[] = [];
    // Ids that are made together are in no order of their own.
    const ids = happenings.map(newId).toSorted();
    for (const [index, { type, at, data }] of happenings.entries()) {
      const channels = this.#channels.filter((channel) => channel.wants(type, data.cid));
      if (channels.length === 0) continue;
      const event_id = ids[index] as string;
      const size = 'count' in data ? data.count : 1;
      events.push({
        event_id,
        cid: data.cid,
        type,
        stage: stageOf(data),
        at,
        size,
        data: JSON.stringify(data),
      });
      for (const { name, audience } of channels) {
        const next_at = audience === 'people' ? now + this.#digestSeconds : now;
        deliveries.push({ ...NEW_DELIVERY, event_id, channel: name, since: now, next_at });
      }
    }
    if (events.length === 0) return;
    await db
      .insertInto('alert_event')
      .columns(columnNames(EVENT_COLUMNS))
      .expression(selectRows<AlertEventTable>(db, EVENT_COLUMNS, events))
      .execute();
    await db
      .insertInto('alert_delivery')
      .columns(columnNames(DELIVERY_COLUMNS))
      .expression(selectRows<AlertDeliveryTable>(db, DELIVERY_COLUMNS, deliveries))
      .execute();
  }

  /**
   * Takes deliveries of a channel that are due, for so long.
   *
   * @param most how many at once
   */
  async claim(
    channel: string,
    now: EpochSeconds,
    { most, seconds }: { most: number; seconds: number },
  ): Promise<ClaimedEvent[]> {
    const due = (db: Kysely<Schema>) =>
      db
        .selectFrom('alert_delivery as d')
        .innerJoin('alert_event as e', 'e.event_id', 'd.event_id')
        .select(['e.event_id', 'e.cid', 'e.type', 'e.stage', 'e.size', 'd.attempts'])
        .where('d.channel', '=', channel)
        .where('d.state', '=', 'waiting')
        .where(({ or, eb }) =>
          or([eb('d.next_at', '<=', now), eb('d.next_at', '>', now + 2 * LONGEST_WAIT_SECONDS)]),
        )
        .where(({ or, eb }) =>
          or([eb('d.claimed_until', '<=', now), eb('d.claimed_until', '>', now + 2 * seconds)]),
        )
        .orderBy('d.next_at')
        .orderBy('e.event_id')
        .limit(most);
    // Most looks find nothing, and cost the writers nothing.
    if ((await due(this.#store.reader).limit(1).executeTakeFirst()) === undefined) return [];
    return this.#store.write(now, async ({ db }) => {
      const events = await due(db).execute();
      if (events.length === 0) return [];
      await db
        .updateTable('alert_delivery')
        .from(rowsOf<ClaimedEvent>(db, { event_id: 'text' }, events).as('r'))
        .set({ claimed_until: now + seconds })
        .whereRef('alert_delivery.event_id', '=', 'r.event_id')
        .where('alert_delivery.channel', '=', channel)
        .execute();
      return events;
    });
  }

  /** The whole of claimed events, oldest first. */
  async read(ids: readonly string[]): Promise<AlertEvent[]> {
    if (ids.length === 0) return [];
    const rows = await this.#store.reader
      .selectFrom('alert_event')
      .selectAll()
      .where('event_id', 'in', ids)
      .orderBy('event_id')
      .execute();
    return rows.map(
      ({ event_id, type, at, data }) =>
        ({ eventId: event_id, type, at, data: JSON.parse(data) }) as AlertEvent,
    );
  }

  /** Writes what became of attempts; gives up what was tried for three days. Gives the ids of those given up. */
  async settle(channel: string, now: EpochSeconds, settlements: readonly Settlement[]): Promise<string[]> {
    if (settlements.length === 0) return [];
    return this.#store.write(now, async ({ db }) => {
      const released = settlements.filter(({ outcome }) => outcome === 'released').map(idOf);
      if (released.length > 0) await waiting(db, channel, released).set({ claimed_until: 0 }).execute();
      const delivered = settlements.filter(({ outcome }) => outcome === 'delivered').map(idOf);
      if (delivered.length > 0)
        await waiting(db, channel, delivered)
          .set({ state: 'delivered', attempts: ONE_MORE, ended_at: now, last_error: null })
          .execute();
      const failed = settlements.flatMap((settlement) =>
        settlement.outcome === 'failed'
          ? {
              ...idOf(settlement),
              next_at: now + settlement.waitSeconds,
              last_error: JSON.stringify(settlement.problem),
            }
          : [],
      );
      if (failed.length === 0) return [];
      await waiting(db, channel, failed)
        .set({
          attempts: ONE_MORE,
          next_at: sql<number>`r.next_at`,
          last_error: sql<string>`r.last_error`,
          claimed_until: 0,
        })
        .execute();
      const givenUp = await waiting(db, channel, failed)
        .where('alert_delivery.since', '<=', now - GIVE_UP_SECONDS)
        .set({ state: 'given_up', ended_at: now })
        .returning('alert_delivery.event_id')
        .execute();
      return givenUp.map(({ event_id }) => event_id);
    });
  }

  /** Forgets events after thirty days, in short transactions. */
  async prune(now: EpochSeconds): Promise<void> {
    // By the trail where it lies behind the clock: a clock set years ahead must not empty the queue.
    const head = await this.#store.reader
      .selectFrom('audit_head')
      .select(({ fn }) => fn.max('at').as('at'))
      .executeTakeFirst();
    const time = Math.min(now, Number(head?.at ?? 0));
    for (;;) {
      const removed = await this.#store.write(now, async ({ db }) => {
        const old = await db
          .selectFrom('alert_event')
          .select('event_id')
          .where('at', '<', time - KEPT_SECONDS)
          .orderBy('at')
          .limit(PIECE)
          .execute();
        if (old.length === 0) return 0;
        const ids = rowsOf<Pick<AlertEventTable, 'event_id'>>(db, { event_id: 'text' }, old);
        const those = sql<string>`(select event_id from ${ids} as r)`;
        await db.deleteFrom('alert_delivery').where('event_id', 'in', those).execute();
        await db.deleteFrom('alert_event').where('event_id', 'in', those).execute();
        return old.length;
      });
      if (removed < PIECE) return;
    }
  }
}

type Row = Pick<AlertDeliveryTable, 'event_id'> & Partial<Pick<AlertDeliveryTable, 'next_at' | 'last_error'>>;

const idOf = ({ eventId }: Settlement): Row => ({ event_id: eventId });

const ONE_MORE = sql<number>`alert_delivery.attempts + 1`;

/** An update of a channel's deliveries that wait; another server may have delivered one whose claim had ended. */
function waiting(db: Kysely<Schema>, channel: string, rows: readonly Row[]) {
  return db
    .updateTable('alert_delivery')
    .from(rowsOf<Row>(db, { event_id: 'text', next_at: 'integer', last_error: 'text' }, rows).as('r'))
    .whereRef('alert_delivery.event_id', '=', 'r.event_id')
    .where('alert_delivery.channel', '=', channel)
    .where('alert_delivery.state', '=', 'waiting');
}

function stageOf(data: Happening['data']): number {
  if ('daysLeft' in data) return data.daysLeft;
  return 'unseenDays' in data ? data.unseenDays : 0;
}

const NEW_DELIVERY = {
  state: 'waiting',
  attempts: 0,
  claimed_until: 0,
  ended_at: null,
  last_error: null,
} as const;

const EVENT_COLUMNS = {
  event_id: 'text',
  cid: 'text',
  type: 'text',
  stage: 'integer',
  at: 'integer',
  size: 'integer',
  data: 'text',
} as const satisfies Columns<AlertEventTable>;

const DELIVERY_COLUMNS = {
  event_id: 'text',
  channel: 'text',
  state: 'text',
  since: 'integer',
  next_at: 'integer',
  attempts: 'integer',
} as const satisfies Columns<AlertDeliveryTable>;
