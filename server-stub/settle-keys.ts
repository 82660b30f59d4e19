import type { EpochSeconds } from '#core/clock.ts';
import { certificateAt, certificatesOf, keyOfCertificate } from './licensing/certificates.ts';
import { pendingServerKey, promoteServerKey } from './server-keys.ts';
import type { Store } from './store/database.ts';

/** Once the certificate in force of every company is for the next key, that is the server's key. */
export async function settleKeys({ reader }: Store, stateDir: string, now: EpochSeconds): Promise<void> {
  const next = pendingServerKey(stateDir);
  if (next === undefined) return;
  for (const { cid } of await reader.selectFrom('company').select('cid').execute()) {
    const certificate = certificateAt(await certificatesOf(reader, cid), now);
    if (certificate === undefined || keyOfCertificate(certificate.document) !== next.thumbprint) return;
  }
  promoteServerKey(stateDir, next);
}
