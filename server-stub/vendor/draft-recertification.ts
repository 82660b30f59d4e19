import type { EpochSeconds } from '#core/clock.ts';
import type { IssuerCertificate } from '#core/documents/issuer-certificate.ts';
import { beginningOf } from './draft-certificate.ts';
import type { CertificateEntry, LedgerEntry } from './ledger-entry.ts';

/**
 * What the certificates will say that servers get after the root was replaced: one for each server and company whose
 * newest certificate was signed before that and has not ended. Key and end stay as they were; they begin when the first
 * one did, so that answers which are given again under them still stand. Source: protocol, Trust.
 *
 * @returns none where the root was never replaced
 */
export function draftRecertification(
  entries: readonly LedgerEntry[],
  now: EpochSeconds,
): readonly IssuerCertificate[] {
  const replacedAt = entries.findLastIndex(({ kind }) => kind === 'succession');
  const issued = new Map<string, CertificateEntry[]>();
  const certifiedAnew = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    if (entry.kind !== 'certificate') continue;
    const owner = `${entry.serverId} ${entry.cid}`;
    issued.set(owner, [...(issued.get(owner) ?? []), entry]);
    if (index > replacedAt) certifiedAnew.add(owner);
  }
  return [...issued].flatMap(([owner, certificates]) => {
    const newest = certificates.at(-1);
    if (newest === undefined || certifiedAnew.has(owner) || newest.exp <= now) return [];
    const { serverId: sub, cid, jwk, exp } = newest;
    return {
      ...{ sub, cid, cnf: { jwk } },
      serial: Math.max(...certificates.map(({ serial }) => serial)) + 1,
      iat: now,
      nbf: beginningOf(certificates, now),
      exp,
    };
  });
}
