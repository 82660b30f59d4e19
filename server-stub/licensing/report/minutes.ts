import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Figures } from './figures.ts';
import { inconsistent } from './inconsistent.ts';

/** Beyond this nothing can be added up exactly; no honest device comes near it. */
const MOST = Number.MAX_SAFE_INTEGER / 4;
const MINUTES = { en: 'minutes', zh: '分钟数' };

/**
 * Adds the minutes that devices reported, by the time at which they did. The trail does not tell of them, since a
 * report of a device is no change that anybody decided on: they are held against the totals per license instead.
 *
 * @throws `report_inconsistent` where fewer minutes stand for some time than licenses have
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
  for (const { pid, app_id: appId, at, minutes } of rows) {
    const owner = { pid, appId };
    const room = MOST - figures.amounts(owner, 'minutes').reduce((sum, amount) => sum + amount, 0);
    figures.add(owner, 'minutes', at, Math.min(minutes, room));
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
    const recorded = figures.amounts(owner, 'minutes').reduce((sum, amount) => sum + amount, 0);
    // Meters that are merged may lose some: then the totals are lower.
    if (recorded < Math.min(Number(minutes), MOST))
      inconsistent(cid, owner, MINUTES, recorded, Number(minutes));
  }
}
