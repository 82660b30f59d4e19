import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { adoptSuccession, type KnownRoots } from '#core/documents/root-succession.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { certificatesOf } from './certificates.ts';
import { vendorRoots } from './root-chain.ts';

export interface RootsImport {
  readonly kind: 'roots';
  /** Of the vendor's root, 1 where it was never replaced. */
  readonly version: number;
  /** RFC 7638 thumbprint. */
  readonly root: string;
  /** Companies whose certificate is under an earlier root still. */
  readonly waiting: readonly string[];
  /** false where this root was known already. */
  readonly changed: boolean;
}

/**
 * Takes the vendor's new roots file: the root that is known, and its spare, must have signed that it takes their place.
 * Source: protocol, "root succession".
 *
 * @param where name of the file, for the message
 * @throws `vendor_roots_malformed`, `root_succession_invalid`, `vendor_roots_other`
 */
export async function importRoots(
  { db, audit }: Transaction,
  text: string,
  where: string,
  pinned: KnownRoots,
  actor: string,
): Promise<RootsImport> {
  const file = parseVendorRoots(text, where);
  const known = await vendorRoots(db, pinned);
  const roots = await adoptSuccession(known, file.rootSuccession);
  const isSame =
    roots.all.some(({ thumbprint }) => thumbprint === file.root.thumbprint) &&
    (roots.root.thumbprint !== file.root.thumbprint || roots.spare.thumbprint === file.spare.thumbprint);
  if (!isSame)
    throw new LicenseError('vendor_roots_other', {
      where,
      known: known.root.thumbprint,
      named: file.root.thumbprint,
    });

  const companies = (await db.selectFrom('company').select('cid').orderBy('cid').execute()).map(
    ({ cid }) => cid,
  );
  const version = roots.all.length;
  const changed = roots !== known;
  if (changed) {
    for (const [index, { root, spare }] of roots.rootSuccession.entries())
      await db
        .insertInto('root_succession')
        .values({ version: index + 2, root, spare })
        .onConflict((conflict) => conflict.column('version').doNothing())
        .execute();
    for (const cid of companies)
      await audit.append(cid, {
        actor,
        action: 'roots.import',
        subject: String(version),
        detail: { root: roots.root.thumbprint },
      });
  }
  const waiting: string[] = [];
  for (const cid of companies) {
    const [certificate] = await certificatesOf(db, cid);
    const kid = certificate && issuerCertificateDocument.parse(certificate.document).kid;
    if (kid !== roots.root.thumbprint) waiting.push(cid);
  }
  return { kind: 'roots', version, root: roots.root.thumbprint, waiting, changed };
}
