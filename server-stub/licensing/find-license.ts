import type { Kysely } from 'kysely';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import { purchaseOf, termsOf } from './terms.ts';

export interface FoundLicense {
  readonly license: LicenseTable;
  readonly terms: PurchaseTerms;
}

/**
 * A license of an App by its license value, else by its LicenseKey: the one activated last. Source: contract,
 * Rules, "One LicenseKey with several PIDs".
 */
export async function findLicense(
  db: Kysely<Schema>,
  appId: string,
  key: string,
): Promise<FoundLicense | undefined> {
  const licenses = db.selectFrom('license').selectAll().where('app_id', '=', appId);
  const license =
    (await licenses.where('license', '=', key).executeTakeFirst()) ??
    (await licenses
      .where('license_key', '=', key)
      .orderBy('activation_time', 'desc')
      // Several in one second: the later one has the higher position.
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst());
  if (license === undefined) return undefined;
  const terms = await termsOf(db, [license]);
  return { license, terms: purchaseOf(terms, license.terms_id) };
}
