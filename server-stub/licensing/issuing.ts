import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { certificateAt, certificatesOf, requireCertificate } from './certificates.ts';

/** What issuing for a company needs: its time, and the vendor's certificate as it is valid then. */
export interface Issuing {
  readonly now: EpochSeconds;
  readonly certificate: string;
  /**
   * The certificate for what was said at an earlier time, and is signed again: it is judged at that time. The present one
   * where none was in force then.
   */
  readonly certificateFor: (iat: EpochSeconds) => string;
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
      const certificates = await certificatesOf(db, cid);
      const certificate = requireCertificate(certificates, cid, now);
      const certificateFor = (iat: EpochSeconds) => certificateAt(certificates, iat)?.document ?? certificate;
      found.set(cid, { now, certificate, certificateFor });
    } catch (thrown) {
      if (!(thrown instanceof LicenseError)) throw thrown;
      found.set(cid, thrown);
    }
  }
  return found;
}
