import type { Kysely } from 'kysely';
import { rowsOf } from '../store/rows.ts';
import type { Schema } from '../store/schema.ts';
import type { Verb } from './batch.ts';
import {
  type Altered,
  changeLicenses,
  type LicenseChange,
  type LicenseOutcome,
  type LicenseWish,
} from './change-licenses.ts';
import { storeLicenses } from './store-licenses.ts';

export const rebinding: LicenseChange<LicenseWish> = {
  action: 'license.rebind',
  prepare: async (db) => ({
    alter(license) {
      const fromJkt = license.device_jkt;
      if (fromJkt === null) return undefined;
      license.device_jkt = null;
      license.fingerprint = null;
      return { fromJkt };
    },
    async store(altered) {
      const licenses = altered.map(({ license }) => license);
      await storeLicenses(db, { device_jkt: 'text', fingerprint: 'text' }, licenses);
      await replaceKeys(db, altered);
    },
  }),
};

/**
 * Frees licenses from their device keys: the next device with the LicenseKey and an enrollment proof binds. Every
 * key that held a license before is told `different_device`, until a person asks on that device. Nothing changes
 * for a license that no device holds. Source: protocol, Identity, "until the operator rebinds".
 */
export const rebind: Verb<LicenseWish, LicenseOutcome> = (transaction, wishes) =>
  changeLicenses(transaction, wishes, rebinding);

async function replaceKeys(db: Kysely<Schema>, altered: readonly Altered<LicenseWish>[]): Promise<void> {
  const rows = altered.map(({ license: { license }, at }) => ({ license, at }));
  await db
    .updateTable('device_key')
    .from(rowsOf<(typeof rows)[number]>(db, { license: 'text', at: 'integer' }, rows).as('r'))
    .set(({ ref }) => ({ replaced_at: ref('r.at') }))
    .whereRef('device_key.license', '=', 'r.license')
    .where('replaced_at', 'is', null)
    .execute();
}

/** Values of the licenses that a device key holds: what a gateway that is replaced leaves behind. */
export async function licensesHeldBy(db: Kysely<Schema>, jkt: string): Promise<LicenseWish['license'][]> {
  const rows = await db
    .selectFrom('device_key')
    .innerJoin('license', 'license.license', 'device_key.license')
    .select('license.license')
    .where('device_key.jkt', '=', jkt)
    .whereRef('license.device_jkt', '=', 'device_key.jkt')
    .orderBy('license.license')
    .execute();
  return rows.map(({ license }) => license);
}
