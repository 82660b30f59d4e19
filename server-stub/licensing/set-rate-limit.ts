import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';

/**
 * Gives a company a rate limit of its own; running servers follow within a second.
 *
 * @param perSecond calls per second and endpoint; 0: no limit; null: as configured
 * @throws `unknown_company`
 */
export async function setRateLimit(
  { db, audit }: Transaction,
  cid: string,
  perSecond: number | null,
  actor: string,
): Promise<void> {
  const updated = await db
    .updateTable('company')
    .set({ rate_limit_per_second: perSecond })
    .where('cid', '=', cid)
    .executeTakeFirst();
  if (updated.numUpdatedRows === 0n) throw new LicenseError('unknown_company', { cid });
  const detail = { rateLimitPerSecond: perSecond };
  await audit.append(cid, { actor, action: 'company.rate_limit', subject: cid, detail });
}
