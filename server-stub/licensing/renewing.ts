import { type Certificate, certificateAt, certificatesOf, noneInForce } from './certificates.ts';
import type { LicenseChange, LicenseWish } from './change-licenses.ts';
import { RenewalLines } from './renewal-lines.ts';

export interface RenewingWish extends LicenseWish {
  /** undefined: whichever line of the license's PID has renewals left. */
  readonly renewId?: string | undefined;
}

/** Renewal by an operator: each license consumes one renewal license. Refused as {@link RenewalLines.renew} does. */
export const renewing: LicenseChange<RenewingWish> = {
  action: 'license.renew',

  async prepare(db, wishes, licenses) {
    const certificates = new Map<string, readonly Certificate[]>();
    for (const cid of new Set(wishes.map((wish) => wish.cid)))
      certificates.set(cid, await certificatesOf(db, cid));
    const lines = await RenewalLines.load(
      db,
      wishes.map(({ cid, license, renewId }) => ({ cid, renewId, pid: licenses.get(license)?.pid })),
    );
    return {
      alter(license, { cid, renewId: wanted }, now) {
        const known = certificates.get(cid) ?? [];
        if (certificateAt(known, now) === undefined) return noneInForce(known, cid);
        const renewal = lines.renew(license, wanted, now);
        if (!renewal.ok) return renewal.error;
        const { renewId, termsId, previousExpireTime } = renewal;
        return { renewId, termsId, previousExpireTime, expireTime: license.expire_time };
      },
      store: () => lines.store(),
    };
  },
};
