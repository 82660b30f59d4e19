import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import { type Figures, MOST_COUNTED, type Owner } from './figures.ts';
import { inconsistent } from './inconsistent.ts';

const SETTLED = { en: 'minutes of a quarter of an hour', zh: '一刻钟内的分钟数' };
const OF_LICENSES = { en: 'minutes of licenses', zh: '许可证的分钟数' };

/**
 * Adds the minutes of the tables that were settled, by the time at which devices reported them: the trail must tell
 * the same, quarter hours of the period together. Of each license alone the trail does not tell; that licenses have
 * no more than was recorded of their App and PID is demanded here.
 *
 * @throws `report_inconsistent`
 */
export async function addMinutes(db: Kysely<Schema>, cid: string, figures: Figures): Promise<void> {
  const rows = await db
    .selectFrom('usage_minutes')
    .selectAll()
    .where('cid', '=', cid)
    .orderBy('pid')
    .orderBy('app_id')
    .orderBy('at')
    .execute();
  const recorded = new Map<string, number>();
  for (const { pid, app_id: appId, at, minutes, settled } of rows) {
    const owner = { pid, appId };
    if (minutes < settled || settled < 0) inconsistent(cid, owner, SETTLED, settled, minutes);
    figures.add(owner, 'minutes', at, settled);
    const all = (recorded.get(keyOf(owner)) ?? 0) + Math.min(minutes, MOST_COUNTED);
    recorded.set(keyOf(owner), Math.min(all, MOST_COUNTED));
  }
  const totals = await db
    .selectFrom('usage_total')
    .innerJoin('license', 'license.license', 'usage_total.license')
    .select(({ fn }) => [
      'license.pid',
      'license.app_id',
      fn.sum<number>('usage_total.minutes').as('minutes'),
    ])
    .where('license.cid', '=', cid)
    .groupBy(['license.pid', 'license.app_id'])
    .execute();
  for (const { pid, app_id: appId, minutes } of totals) {
    const owner = { pid, appId };
    const ofAll = recorded.get(keyOf(owner)) ?? 0;
    // Meters that are merged may lose some: then the totals are lower.
    if (ofAll < Math.min(Number(minutes), MOST_COUNTED))
      inconsistent(cid, owner, OF_LICENSES, ofAll, Number(minutes));
  }
}

/** None of the parts holds a space. */
const keyOf = ({ pid, appId }: Owner): string => `${pid} ${appId}`;
