import type { Transaction } from '../store/database.ts';
import { rowsOf, selectRows } from '../store/rows.ts';
import type { ImplausibleUsage } from './usage.ts';

const DAY = 86_400;

/**
 * Tells the operator, by the audit trail and at most once a day of a license, that its device reported more minutes
 * than time had passed. What was possible was counted; nothing is refused. Source: design, Server "Minutes".
 */
export async function noteImplausible(
  { db, audit }: Transaction,
  implausible: readonly ImplausibleUsage[],
): Promise<void> {
  if (implausible.length === 0) return;
  const columns = { license: 'text', reported: 'integer', counted: 'integer' } as const;
  const rows = await db
    .selectFrom(rowsOf<ImplausibleUsage>(db, columns, implausible).as('r'))
    .innerJoin('license', 'license.license', 'r.license')
    .leftJoin('usage_implausible as noted', 'noted.license', 'r.license')
    .select(['r.license', 'r.reported', 'r.counted', 'noted.noted_at'])
    .select(['license.cid', 'license.app_id', 'license.pid', 'license.license_key', 'license.device_jkt'])
    .orderBy('r.license')
    .execute();
  const noted: { license: string; noted_at: number }[] = [];
  for (const { license, reported, counted, noted_at, cid, ...row } of rows) {
    const now = await audit.timeOf(cid);
    // A day that lies ahead is one of a clock that was wrong.
    if (noted_at !== null && noted_at <= now && now - noted_at < DAY) continue;
    const { app_id: appId, pid, license_key: licenseKey, device_jkt } = row;
    await audit.append(cid, {
      actor: device_jkt === null ? 'server' : `device:${device_jkt}`,
      action: 'license.usage_implausible',
      subject: license,
      detail: { appId, pid, licenseKey, reported, counted },
    });
    noted.push({ license, noted_at: now });
  }
  if (noted.length === 0) return;
  await db
    .insertInto('usage_implausible')
    .columns(['license', 'noted_at'])
    .expression(selectRows(db, { license: 'text', noted_at: 'integer' }, noted))
    .onConflict((conflict) =>
      conflict.column('license').doUpdateSet(({ ref }) => ({ noted_at: ref('excluded.noted_at') })),
    )
    .execute();
}
