import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import type { KnownRoots } from '#core/documents/root-succession.ts';
import type { Schema } from '../store/schema.ts';
import { certificateAt, certificatesOf } from './certificates.ts';
import { RootChain } from './root-chain.ts';

/**
 * The root that devices of an App are enrolled under, the one of its company's certificate, and what leads there: until
 * the vendor has certified this server anew, no device may be led past it.
 */
export async function enrolledRoot(
  db: Kysely<Schema>,
  appId: string,
  pinned: KnownRoots,
  now: EpochSeconds,
): Promise<Pick<Enrollment, 'rootThumbprint' | 'rootSuccession'>> {
  const app = await db.selectFrom('app').select('cid').where('app_id', '=', appId).executeTakeFirst();
  const certificates = app === undefined ? [] : await certificatesOf(db, app.cid);
  const certificate = certificateAt(certificates, now) ?? certificates[0];
  const rootThumbprint =
    certificate === undefined
      ? pinned.root.thumbprint
      : issuerCertificateDocument.parse(certificate.document).kid;
  const rootSuccession = await new RootChain(db, pinned).leadingTo(rootThumbprint);
  return { rootThumbprint, ...(rootSuccession.length > 0 && { rootSuccession }) };
}
