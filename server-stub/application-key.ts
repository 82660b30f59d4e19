import type { EpochSeconds } from '#core/clock.ts';
import type { SigningKey } from '#core/keys.ts';
import type { Installation } from './installation.ts';
import { certificateAt, certificatesOf } from './licensing/certificates.ts';
import { signerOf } from './licensing/signer-of.ts';
import type { Store } from './store/database.ts';

/**
 * The key to apply with while the server's key is being changed: the one that the company's certificate in force is for.
 * So an application never changes a company's key, in either direction; that is what rotate-key asks for. A company
 * without a certificate applies with the key that was certified last for anybody here, since the vendor knows this server
 * by it; with the server's own where none was.
 *
 * @throws `signing_key_missing`
 */
export async function applicationKey(
  { reader }: Store,
  installation: Installation,
  cid: string,
  now: EpochSeconds,
): Promise<SigningKey> {
  const own = certificateAt(await certificatesOf(reader, cid), now);
  if (own !== undefined) return signerOf(installation, own.document);
  const last = await reader
    .selectFrom('issuer_certificate')
    .select('document')
    .where('nbf', '<=', now)
    .orderBy('imported_at', 'desc')
    .orderBy('nbf', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? installation.key : signerOf(installation, last.document);
}
