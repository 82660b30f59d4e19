import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { SigningKey } from '#core/keys.ts';
import type { Schema } from '../../store/schema.ts';
import {
  type Certificate,
  certificateAt,
  certificatesOf,
  keyOfCertificate,
  requireCertificate,
} from '../certificates.ts';
import type { Issuer } from '../issuer.ts';

/** Who signs a report, and for each company the vendor's word that this key may. */
export interface ReportSigner {
  readonly key: SigningKey;
  readonly certificates: ReadonlyMap<string, string>;
}

/**
 * The key that signs a report of some companies. There is one signature, so each of them needs a certificate for that
 * key which is valid at the report's time. While the key is changed this may be another than the server's own: where the
 * old certificate of a company has ended, and others do not have the new one yet.
 *
 * @throws `issuer_certificate_missing`, `issuer_certificate_expired` where no key is certified for all; a report of each
 * company by itself has one
 */
export async function reportSigner(
  db: Kysely<Schema>,
  { key: own, otherKeys }: Issuer,
  cids: readonly string[],
  iat: EpochSeconds,
): Promise<ReportSigner> {
  const certificates = new Map<string, readonly Certificate[]>();
  for (const cid of cids) certificates.set(cid, await certificatesOf(db, cid));
  const ofKey = (cid: string, { thumbprint }: SigningKey) =>
    (certificates.get(cid) ?? []).filter(({ document }) => keyOfCertificate(document) === thumbprint);
  const isForAll = (key: SigningKey) =>
    cids.every((cid) => certificateAt(ofKey(cid, key), iat) !== undefined);
  const key = [own, ...(otherKeys?.({ anew: true }) ?? [])].find(isForAll) ?? own;
  return {
    key,
    certificates: new Map(cids.map((cid) => [cid, requireCertificate(ofKey(cid, key), cid, iat)])),
  };
}
