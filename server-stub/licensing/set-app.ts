import type { Updateable } from 'kysely';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import type { AppTable } from '../store/schema.ts';
import type { Requester } from './outcome.ts';
import { requireApp } from './require-app.ts';

/** What an App's operator may set; what is left out stays. */
export interface AppSettings {
  /** Licenses that end within so many days are renewed by the server; null: none. 1–60. */
  readonly renewDays?: number | null;
  /** … but not those whose device was not seen for so many days; null: whenever it was seen. */
  readonly renewSeenDays?: number | null;
  /** Whether devices may ask for renewal themselves. */
  readonly deviceRenewal?: boolean;
  /** What the older device tools activate, which name no PID; null: the App takes none of them. */
  readonly legacyPid?: string | null;
}

/** The shortest renewal is 3 months: below that, a license that was just renewed is not due again. */
export const MOST_RENEW_DAYS = 60;

/**
 * Sets what an App's operator may set.
 *
 * @throws `unknown_app`, `unknown_pid`
 */
export async function setApp(
  { db, audit }: Transaction,
  appId: string,
  settings: AppSettings,
  { actor, from }: Requester,
): Promise<void> {
  const { cid } = await requireApp(db, appId);
  const { renewDays, renewSeenDays, deviceRenewal, legacyPid } = settings;
  if (typeof legacyPid === 'string') {
    const line = await db
      .selectFrom('terms')
      .select('terms_id')
      .where('cid', '=', cid)
      .where('pid', '=', legacyPid)
      .where('kind', '=', 'purchase')
      .limit(1)
      .executeTakeFirst();
    if (line === undefined) throw new LicenseError('unknown_pid', { pid: legacyPid });
  }
  const values: Updateable<AppTable> = {
    ...(renewDays !== undefined && { renew_days: renewDays }),
    ...(renewSeenDays !== undefined && { renew_seen_days: renewSeenDays }),
    ...(deviceRenewal !== undefined && { device_renewal: deviceRenewal ? 1 : 0 }),
    ...(legacyPid !== undefined && { legacy_pid: legacyPid }),
  };
  await db.updateTable('app').set(values).where('app_id', '=', appId).execute();
  // Nobody waits for what is no longer done.
  if (renewDays === null)
    await db.updateTable('renewal_shortage').set({ waiting: 0 }).where('app_id', '=', appId).execute();
  await audit.append(cid, { actor, from, action: 'app.set', subject: appId, detail: { appId, ...settings } });
}
