import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { currentCertificate } from './issuer.ts';

/** What issuing for a company needs: its time, and the vendor's certificate as it is valid then. */
export interface Issuing {
  readonly now: EpochSeconds;
  readonly certificate: string;
}

/**
 * For each company of a batch, what issuing needs, or why the server may not issue for it: an expired certificate
 * or a clock behind the audit trail of one company is no fault of the others in the batch. Source: protocol,
 * Trust; design, Server "Its own clock".
 */
export async function issuingFor(
  { db, audit }: Transaction,
  cids: Iterable<string>,
): Promise<Map<string, Issuing | LicenseError>> {
  const found = new Map<string, Issuing | LicenseError>();
  for (const cid of new Set(cids)) {
    try {
      const now = await audit.timeOf(cid);
      found.set(cid, { now, certificate: await currentCertificate(db, cid, now) });
    } catch (thrown) {
      if (!(thrown instanceof LicenseError)) throw thrown;
      found.set(cid, thrown);
    }
  }
  return found;
}
