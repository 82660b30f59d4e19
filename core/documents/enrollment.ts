import { createHmac } from 'node:crypto';
import * as Type from 'typebox';
import { Category } from '../catalog.ts';
import { LicenseError } from '../errors.ts';
import { AppId, Cid, Epoch, Id, parseJson, Sha256 } from '../shapes.ts';
import { adoptSuccession, type KnownRoots, RootSuccession } from './root-succession.ts';

/**
 * All that a device needs beside the pinned vendor root; made by the license server, kept 0600. The customer's
 * REST secret is not in it. Source: protocol, "An enrollment file".
 */
export const Enrollment = Type.Object({
  version: Type.Literal(1),
  serverUrls: Type.Array(
    Type.Refine(Type.String({ pattern: '^https?://[^\\s/]+(/.*)?$', maxLength: 512 }), (url) =>
      URL.canParse(url),
    ),
    { minItems: 1, maxItems: 16 },
  ),
  /** PEM of the authority that the server's TLS certificate is under; empty: those that the machine trusts. */
  caCertificate: Type.String({ maxLength: 65_536 }),
  serverId: Id,
  cid: Cid,
  /** RFC 7638 thumbprint of the vendor root; must be the one that the device pins, or one that it leads to. */
  rootThumbprint: Sha256,
  /** What leads from the first root to that one, where it was replaced. */
  rootSuccession: Type.Optional(RootSuccession),
  appId: AppId,
  pid: Id,
  category: Category,
  /** Key of the fingerprint digests of this App, 256 bits. */
  fingerprintKey: Sha256,
  enrollment: Type.Object({ id: Id, secret: Sha256, expiresAt: Epoch }),
});
export type Enrollment = Type.Static<typeof Enrollment>;

/** An enrollment, and the vendor's roots that it was held against. */
export interface PinnedEnrollment {
  readonly enrollment: Enrollment;
  readonly roots: KnownRoots;
}

/**
 * Reads an enrollment file, and holds it against the vendor roots that the device knows: a device never moves to
 * another root by enrolling, but where that root and its spare signed so. Source: protocol, Trust.
 *
 * @param where name of the file, for the message
 * @throws `enrollment_malformed`, `enrollment_other_root`, `root_succession_invalid`
 */
export async function parseEnrollment(
  text: string,
  known: KnownRoots,
  where: string,
): Promise<PinnedEnrollment> {
  const enrollment = parseJson(Enrollment, text, 'enrollment_malformed', where);
  const { rootThumbprint: named, rootSuccession = [] } = enrollment;
  const roots = await adoptSuccession(known, rootSuccession);
  if (!roots.all.some(({ thumbprint }) => thumbprint === named))
    throw new LicenseError('enrollment_other_root', { where, pinned: roots.root.thumbprint, named });
  return { enrollment, roots };
}

/**
 * Proof of holding an enrollment secret: HMAC-SHA256(secret, jkt, jti, licenseKey), each part preceded by its
 * length in bytes as four bytes big-endian, so that the secret itself never travels and no part can flow into
 * another. Source: protocol, Identity; vectors in test/vectors/enrollment-proof.json.
 */
export function enrollmentProof(secret: string, jkt: string, jti: string, licenseKey: string): string {
  const hmac = createHmac('sha256', Buffer.from(secret, 'base64url'));
  for (const part of [jkt, jti, licenseKey]) {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return hmac.digest('base64url');
}
