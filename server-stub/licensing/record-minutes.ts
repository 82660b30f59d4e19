import { sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Transaction } from '../store/database.ts';
import { type Columns, columnNames, rowsOf, selectRows } from '../store/rows.ts';
import type { UsageMinutesTable } from '../store/schema.ts';
import { MOST_COUNTED } from './report/figures.ts';

/** Minutes of reports are kept by the quarter of an hour: on one of these every day of every zone begins. */
const QUARTER_SECONDS = 900;

/** Minutes that the devices of a license reported beyond those they had reported. */
export interface AddedMinutes {
  readonly license: string;
  readonly minutes: number;
}

type MinutesRow = Omit<UsageMinutesTable, 'settled'>;

const MINUTES_COLUMNS = {
  cid: 'text',
  pid: 'text',
  app_id: 'text',
  at: 'integer',
  minutes: 'integer',
} as const satisfies Columns<MinutesRow>;

/**
 * Adds minutes to those of their App and PID in the running quarter of an hour, by which a usage report tells how
 * many came in a period. Rows grow with Apps and time, not with devices.
 */
export async function recordMinutes(
  { db, audit }: Transaction,
  added: readonly AddedMinutes[],
): Promise<void> {
  if (added.length === 0) return;
  const sums = await db
    .selectFrom(rowsOf<AddedMinutes>(db, { license: 'text', minutes: 'integer' }, added).as('r'))
    .innerJoin('license', 'license.license', 'r.license')
    .select(({ fn }) => [
      'license.cid',
      'license.pid',
      'license.app_id',
      fn.sum<number>('r.minutes').as('minutes'),
    ])
    .groupBy(['license.cid', 'license.pid', 'license.app_id'])
    .execute();
  const rows: MinutesRow[] = [];
  for (const { cid, pid, app_id, minutes } of sums) {
    const at = quarterOf(await audit.timeOf(cid));
    rows.push({ cid, pid, app_id, at, minutes: Number(minutes) });
  }
  await db
    .insertInto('usage_minutes')
    .columns(columnNames(MINUTES_COLUMNS))
    .expression(selectRows<MinutesRow>(db, MINUTES_COLUMNS, rows))
    .onConflict((conflict) =>
      conflict
        .columns(['cid', 'pid', 'app_id', 'at'])
        // Whatever stands there, no sum overflows: the request of a device must not fail by it.
        .doUpdateSet({
          minutes: sql<number>`case when usage_minutes.minutes >= ${sql.lit(MOST_COUNTED)}
            then usage_minutes.minutes else usage_minutes.minutes + excluded.minutes end`,
        }),
    )
    .execute();
}

function quarterOf(at: EpochSeconds): EpochSeconds {
  return at - (at % QUARTER_SECONDS);
}
