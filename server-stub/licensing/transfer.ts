import type { Verb } from './batch.ts';
import {
  changeLicenses,
  type LicenseChange,
  type LicenseOutcome,
  type LicenseWish,
} from './change-licenses.ts';
import { Moves } from './moves.ts';

export interface TransferWish extends LicenseWish {
  readonly toLicenseKey: string;
}

export const transferring: LicenseChange<TransferWish> = {
  action: 'license.transfer',

  async prepare(db, wishes, licenses) {
    const moves = await Moves.load(
      db,
      wishes.flatMap(({ license, toLicenseKey }) => {
        const known = licenses.get(license);
        return known === undefined ? [] : { license: known, toLicenseKey };
      }),
    );
    return {
      alter: (license, { toLicenseKey }, now) => moves.move(license, toLicenseKey, now) ?? { toLicenseKey },
      store: () => moves.store(),
    };
  },
};

/**
 * Moves licenses to other LicenseKeys, as often in a year as the vendor's terms allow, whoever asks. Refused as
 * `Moves.move` does. Until the old device's token ends, at most token life + grace, both may work: quota counts
 * seats, not tokens. Source: design, Server "Transfer".
 */
export const transfer: Verb<TransferWish, LicenseOutcome> = (transaction, wishes) =>
  changeLicenses(transaction, wishes, transferring);
