import { createHash } from 'node:crypto';
import { grantDocument, verifyGrant } from '#core/documents/grant.ts';
import { termsDocument } from '#core/documents/terms.ts';
import type { SigningKey } from '#core/keys.ts';
import type { GrantDraft } from './draft-grant.ts';
import type { GrantEntry } from './ledger-entry.ts';

export interface SignedGrant {
  readonly document: string;
  readonly entry: GrantEntry;
}

/**
 * Signs each line and the grant around them, then verifies the whole as the server will: what leaves the vendor
 * is what a server takes.
 *
 * @throws `document_malformed`, `document_too_large`; as verifyGrant
 */
export async function signGrant(
  { grant, terms, applicationId }: GrantDraft,
  root: SigningKey,
): Promise<SignedGrant> {
  const lines = await Promise.all(terms.map((claims) => termsDocument.sign(claims, root)));
  const document = await grantDocument.sign({ ...grant, terms: lines }, root);
  const verified = await verifyGrant(document, [root]);
  const { grantId, aud, cid, replaces, apps, iat } = grant;
  return {
    document,
    entry: {
      kind: 'grant',
      at: iat,
      grantId,
      serverId: aud,
      cid,
      ...(replaces !== undefined && { replaces }),
      ...(applicationId !== undefined && { applicationId }),
      apps: apps.map(({ appId, vid }) => ({ appId, vid })),
      terms: verified.terms.map(({ claims: { termsId, kind, pid, count }, document: line }) => ({
        termsId,
        kind,
        pid,
        count,
        sha256: sha256(line),
      })),
      sha256: sha256(document),
    },
  };
}

function sha256(compact: string): string {
  return createHash('sha256').update(compact).digest('hex');
}
