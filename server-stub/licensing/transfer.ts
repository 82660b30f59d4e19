import { LicenseError } from '#core/errors.ts';
import { existingLicenses, identityOf } from './activate.ts';
import type { Verb } from './batch.ts';
import {
  changeLicenses,
  type LicenseChange,
  type LicenseOutcome,
  type LicenseWish,
} from './change-licenses.ts';
import { moveLicense, storeMoves } from './move-license.ts';
import { purchaseOf, termsOf } from './terms.ts';

export interface TransferWish extends LicenseWish {
  readonly toLicenseKey: string;
}

export const transferring: LicenseChange<TransferWish> = {
  action: 'license.transfer',

  async prepare(db, wishes, licenses) {
    const terms = await termsOf(db, licenses.values());
    const targets = wishes.flatMap(({ license, toLicenseKey }) => {
      const known = licenses.get(license);
      return known === undefined ? [] : { appId: known.app_id, pid: known.pid, licenseKey: toLicenseKey };
    });
    const holders = new Set((await existingLicenses(db, targets)).keys());
    return (license, { toLicenseKey }, now) => {
      const identity = (licenseKey: string) =>
        identityOf({ appId: license.app_id, pid: license.pid, licenseKey });
      const taken = holders.has(identity(toLicenseKey));
      const moved = moveLicense(license, toLicenseKey, {
        terms: purchaseOf(terms, license.terms_id),
        taken,
        now,
      });
      if (moved instanceof LicenseError) return moved;
      holders.delete(identity(moved.fromLicenseKey));
      holders.add(identity(toLicenseKey));
      return { toLicenseKey };
    };
  },

  store: (db, altered) =>
    storeMoves(
      db,
      altered.map(({ license, before, wish: { toLicenseKey }, at }) => ({
        license,
        fromLicenseKey: before.license_key,
        toLicenseKey,
        at,
      })),
    ),
};

/**
 * Moves licenses to other LicenseKeys, as often in a year as the vendor's terms allow, whoever asks. Refused as
 * `moveLicense` does. Until the old device's token ends, at most token life + grace, both may work: quota counts
 * seats, not tokens. Source: design, Server "Transfer".
 */
export const transfer: Verb<TransferWish, LicenseOutcome> = (transaction, wishes) =>
  changeLicenses(transaction, wishes, transferring);
