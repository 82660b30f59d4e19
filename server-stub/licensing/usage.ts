import { type Kysely, sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { LicenseRequest } from '#core/documents/license-request.ts';
import { type Columns, columnNames, rowsOf, selectRows } from '../store/rows.ts';
import type { LicenseTable, Schema, UsageTotalTable } from '../store/schema.ts';
import type { AddedMinutes } from './record-minutes.ts';

/** Meters kept apart for a license; the smallest of more are added into one, so that no device fills the store. */
const MAX_METERS = 64;
/** The meter that stands for all that were added into one: no device draws this number. */
const MERGED = '0'.repeat(32);
/** What a token can say. */
const MAX_MINUTES = 100_000_000_000;
/** What a meter may be ahead of the server, whose clock may differ: a day. */
const TOLERATED_MINUTES = 1440;

/** Used minutes as a token shows them to one device. */
export interface UsedMinutes {
  /** The highest that the meters of its request ever reported. */
  readonly own: number;
  /** All other meters together. */
  readonly others: number;
}

/** A license for which more was reported than can be. */
export interface ImplausibleUsage {
  readonly license: string;
  /** The highest that one of its meters says. */
  readonly reported: number;
  /** All that is counted for the license. */
  readonly counted: number;
}

type MeterRow = Pick<UsageTotalTable, 'license' | 'meter_id'>;

const USAGE_COLUMNS = {
  license: 'text',
  meter_id: 'text',
  minutes: 'integer',
} as const satisfies Columns<UsageTotalTable>;

/**
 * Used minutes of licenses for the length of one transaction: read once, raised in memory, written together. Of a
 * meter the highest report counts, of a license the sum of its meters; nothing lowers them. What a device says is only
 * believed as far as time has passed since the activation: a meter no faster than the clock, and all meters together no
 * more than {@link MAX_METERS} do, so that neither invented meters nor merged ones that report again add without end.
 * Totals run on, so what is not believed today counts once its time has come. Source: design, Server "Minutes".
 */
export class UsageTotals {
  readonly #db: Kysely<Schema>;
  /** By license and meter. */
  readonly #totals = new Map<string, Map<string, number>>();
  /** By license, the meters whose row differs from the store's. */
  readonly #raised = new Map<string, Set<string>>();
  readonly #added = new Map<string, number>();
  /** By license, the highest report that was not believed. */
  readonly #implausible = new Map<string, number>();
  /** Rows that were added into the merged one. */
  readonly #merged: MeterRow[] = [];

  private constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  static async load(db: Kysely<Schema>, licenses: Iterable<string>): Promise<UsageTotals> {
    const usage = new UsageTotals(db);
    const wanted = [...licenses].map((license) => ({ license }));
    if (wanted.length === 0) return usage;
    const rows = await db
      .selectFrom(rowsOf<{ license: string }>(db, { license: 'text' }, wanted).as('r'))
      .innerJoin('usage_total', 'usage_total.license', 'r.license')
      .selectAll('usage_total')
      .execute();
    for (const { license, meter_id, minutes } of rows) usage.#metersOf(license).set(meter_id, minutes);
    return usage;
  }

  /** Takes what a device reports at `now`, which must hold the license. */
  report(
    { license, activation_time }: Pick<LicenseTable, 'license' | 'activation_time'>,
    reported: LicenseRequest['usage'],
    now: EpochSeconds,
  ): void {
    if (reported === undefined) return;
    const meters = this.#metersOf(license);
    const possible = Math.floor(Math.max(0, now - activation_time) / 60) + TOLERATED_MINUTES;
    let room = Math.max(0, MAX_METERS * possible - sumOf(meters));
    for (const [meter, minutes] of Object.entries(reported)) {
      const before = meters.get(meter);
      const [counted, wanted] = [before ?? 0, Math.min(minutes, possible)];
      const gain = Math.min(Math.max(0, wanted - counted), room);
      if (minutes > counted + gain)
        this.#implausible.set(license, Math.max(minutes, this.#implausible.get(license) ?? 0));
      if (gain === 0 && before !== undefined) continue;
      room -= gain;
      this.#raise(license, meter, counted + gain);
      this.#added.set(license, (this.#added.get(license) ?? 0) + gain);
    }
  }

  /** Licenses for which more was reported than time allows. */
  get implausible(): ImplausibleUsage[] {
    return [...this.#implausible].map(([license, reported]) => ({
      license,
      reported,
      counted: sumOf(this.#metersOf(license)),
    }));
  }

  /** What came in, to be recorded by its time too. */
  get added(): AddedMinutes[] {
    return [...this.#added]
      .filter(([, minutes]) => minutes > 0)
      .map(([license, minutes]) => ({ license, minutes }));
  }

  /** How the minutes of a license look to the device that reports these meters. */
  minutesOf(license: string, reported: LicenseRequest['usage'] = {}): UsedMinutes {
    let [own, others] = [0, 0];
    for (const [meter, minutes] of this.#totals.get(license) ?? []) {
      if (Object.hasOwn(reported, meter)) own += minutes;
      else others += minutes;
    }
    return { own: Math.min(own, MAX_MINUTES), others: Math.min(others, MAX_MINUTES) };
  }

  async store(): Promise<void> {
    for (const license of this.#raised.keys()) this.#merge(license);
    const rows = [...this.#raised].flatMap(([license, meters]) =>
      [...meters].map((meter_id) => ({
        license,
        meter_id,
        minutes: this.#metersOf(license).get(meter_id) ?? 0,
      })),
    );
    if (rows.length === 0) return;
    if (this.#merged.length > 0) {
      const gone = rowsOf<MeterRow>(this.#db, { license: 'text', meter_id: 'text' }, this.#merged);
      await sql`delete from usage_total where (license, meter_id) in ${gone}`.execute(this.#db);
    }
    await this.#db
      .insertInto('usage_total')
      .columns(columnNames(USAGE_COLUMNS))
      .expression(selectRows<UsageTotalTable>(this.#db, USAGE_COLUMNS, rows))
      .onConflict((conflict) =>
        conflict
          .columns(['license', 'meter_id'])
          .doUpdateSet(({ ref }) => ({ minutes: ref('excluded.minutes') })),
      )
      .execute();
  }

  #metersOf(license: string): Map<string, number> {
    let meters = this.#totals.get(license);
    if (meters === undefined) {
      meters = new Map();
      this.#totals.set(license, meters);
    }
    return meters;
  }

  #raise(license: string, meter: string, minutes: number): void {
    this.#metersOf(license).set(meter, minutes);
    const raised = this.#raised.get(license);
    if (raised === undefined) this.#raised.set(license, new Set([meter]));
    else raised.add(meter);
  }

  /** The sum stays; a meter that was merged and reports again counts anew, against its own license alone. */
  #merge(license: string): void {
    const meters = this.#metersOf(license);
    const surplus = meters.size - MAX_METERS;
    if (surplus <= 0) return;
    const smallest = [...meters]
      .filter(([meter]) => meter !== MERGED)
      .toSorted(([, one], [, other]) => one - other)
      // One more makes room for the merged meter itself.
      .slice(0, meters.has(MERGED) ? surplus : surplus + 1);
    let sum = meters.get(MERGED) ?? 0;
    for (const [meter, minutes] of smallest) {
      sum += minutes;
      meters.delete(meter);
      this.#raised.get(license)?.delete(meter);
      this.#merged.push({ license, meter_id: meter });
    }
    this.#raise(license, MERGED, Math.min(sum, MAX_MINUTES));
  }
}

function sumOf(meters: ReadonlyMap<string, number>): number {
  return meters.values().reduce((sum, minutes) => sum + minutes, 0);
}

/** Used minutes of each license that used any: a query to join or to run. */
export function usedMinutes(db: Kysely<Schema>) {
  return db
    .selectFrom('usage_total')
    .select(({ fn }) => ['license', fn.sum<number>('minutes').as('minutes')])
    .groupBy('license');
}
