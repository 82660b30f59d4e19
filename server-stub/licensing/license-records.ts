import type { Kysely } from 'kysely';
import type { Validity } from '#core/catalog.ts';
import { LicenseError } from '#core/errors.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import { licenseCounts } from './number-licenses.ts';
import { requireApp } from './require-app.ts';
import { purchaseOf, renewalsOf, termsByIds } from './terms.ts';

/** A license as the older query tools see it. */
export interface LicenseRecord {
  readonly license: LicenseTable;
  /** Months that were bought in all: the PID's and those of its renewals. */
  readonly months: number;
}

export interface RecordsPage {
  readonly total: number;
  readonly records: readonly LicenseRecord[];
}

/**
 * Licenses of an App in the order of their activation.
 *
 * @param from position of the first, from 1
 * @throws `unknown_app`; `legacy_not_enabled` where the App takes no older tools
 */
export async function licenseRecords(
  db: Kysely<Schema>,
  cid: string,
  appId: string,
  from: number,
  size: number,
): Promise<RecordsPage> {
  const app = await requireApp(db, appId, cid);
  if (app.legacy_pid === null) throw new LicenseError('legacy_not_enabled', { appId });
  const counts = await licenseCounts(db, [appId]);
  const licenses = await db
    .selectFrom('license')
    .selectAll()
    .where('app_id', '=', appId)
    .where('position', '>=', from)
    .where('position', '<', from + size)
    .orderBy('position')
    .execute();
  const terms = await termsByIds(
    db,
    licenses.flatMap((license) => [license.terms_id, ...renewalsOf(license).map(({ termsId }) => termsId)]),
  );
  const records = licenses.map((license) => {
    const renewed = renewalsOf(license).map(({ termsId }) => terms.get(termsId)?.validity);
    const validities = [purchaseOf(terms, license.terms_id).validity, ...renewed];
    return { license, months: validities.reduce((sum, validity) => sum + monthsOf(validity), 0) };
  });
  return { total: counts.get(appId) ?? 0, records };
}

function monthsOf(validity: Validity | undefined): number {
  if (validity === undefined) return 0;
  return validity.unit === 'year' ? validity.count * 12 : validity.count;
}
