import type { EpochSeconds } from '#core/clock.ts';
import type { IssuerCertificate } from '#core/documents/issuer-certificate.ts';
import { beginningOf } from './draft-certificate.ts';
import type { CertificateEntry, LedgerEntry } from './ledger-entry.ts';

/** A certificate that a server gets after the root was replaced. */
export interface Recertification {
  readonly serverId: string;
  readonly cid: string;
  readonly serial: number;
  readonly exp: EpochSeconds;
  /** It, where an earlier run signed it; else what it will say. */
  readonly certificate: string | IssuerCertificate;
}

/**
 * The certificates that servers get after the root was replaced: one for each server and company whose newest
 * certificate was signed before that and has not ended. Key and end stay as they were; they begin when the first one did,
 * so that answers which are given again under them still stand. Source: protocol, Trust.
 *
 * @param copyOf the document that an entry tells of; where it is lost, another takes its place
 * @returns none where the root was never replaced, and none for whom `certify` served since
 */
export function draftRecertification(
  entries: readonly LedgerEntry[],
  now: EpochSeconds,
  copyOf: (entry: CertificateEntry) => string | undefined,
): readonly Recertification[] {
  const replacedAt = entries.findLastIndex(({ kind }) => kind === 'succession');
  const certificates = new Map<string, { before: CertificateEntry[]; since: CertificateEntry[] }>();
  for (const [index, entry] of entries.entries()) {
    if (entry.kind !== 'certificate') continue;
    const owner = `${entry.serverId} ${entry.cid}`;
    const issued = certificates.get(owner) ?? { before: [], since: [] };
    issued[index < replacedAt ? 'before' : 'since'].push(entry);
    certificates.set(owner, issued);
  }
  return [...certificates.values()].flatMap(({ before, since }): Recertification[] => {
    const replaced = before.at(-1);
    if (replaced === undefined || replaced.exp <= now) return [];
    const { serverId, cid, jwk, exp } = replaced;
    const newest = since.at(-1);
    if (newest !== undefined && !(newest.jwk.x === jwk.x && newest.exp === exp)) return [];
    const copy = newest && copyOf(newest);
    if (newest !== undefined && copy !== undefined)
      return [{ serverId, cid, serial: newest.serial, exp, certificate: copy }];
    const all = [...before, ...since];
    const serial = Math.max(...all.map((each) => each.serial)) + 1;
    const nbf = beginningOf(all, now);
    const certificate = { sub: serverId, cid, cnf: { jwk }, serial, iat: now, nbf, exp };
    return [{ serverId, cid, serial, exp, certificate }];
  });
}
