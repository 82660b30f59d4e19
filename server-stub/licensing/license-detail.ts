import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { beside } from '../store/beside.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import { purchaseOf, termsOf } from './terms.ts';
import { usedMinutes } from './usage.ts';

/** Rows of the audit trail that are shown. */
export const TIMELINE = 1000;
const YEAR = 365 * 86_400;

/** All that is known of a license beside its row, and what happened to it, the oldest first. */
export async function licenseDetail(reader: Kysely<Schema>, license: LicenseTable, now: EpochSeconds) {
  const rows = await reader
    .selectFrom('audit')
    .select(['seq', 'at', 'actor', 'action', 'detail'])
    .where('subject', '=', license.license)
    .where(beside('cid'), '=', license.cid)
    .orderBy('seq', 'desc')
    .limit(TIMELINE)
    .execute();
  const used = await usedMinutes(reader).where('license', '=', license.license).executeTakeFirst();
  const sessions = await reader
    .selectFrom('concurrency_lease')
    .select(['sessions', 'until_at'])
    .where('license', '=', license.license)
    .where('until_at', '>', now)
    .executeTakeFirst();
  const app = await reader
    .selectFrom('app')
    .select('name')
    .where('app_id', '=', license.app_id)
    .executeTakeFirstOrThrow();
  const { transfers, transfers_since } = license;
  return {
    license: { ...license, transfers: now - transfers_since >= YEAR ? 0 : transfers },
    line: purchaseOf(await termsOf(reader, [license]), license.terms_id),
    minutes: Number(used?.minutes ?? 0),
    sessions,
    appName: app.name,
    timeline: rows.toReversed().map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) })),
  };
}
