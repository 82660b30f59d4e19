import { createHmac } from 'node:crypto';
import * as Type from 'typebox';
import { Category } from '../catalog.ts';
import { LicenseError } from '../errors.ts';
import type { VerificationKey } from '../keys.ts';
import { AppId, Cid, Epoch, Id, parseJson, Sha256 } from '../shapes.ts';

/**
 * All that a device needs beside the pinned vendor root; made by the license server, kept 0600. The customer's
 * REST secret is not in it. Source: protocol, "An enrollment file".
 */
export const Enrollment = Type.Object({
  version: Type.Literal(1),
  serverUrls: Type.Array(Type.String({ pattern: '^https?://[^\\s/]+(/.*)?$', maxLength: 512 }), {
    minItems: 1,
    maxItems: 16,
  }),
  /** PEM of the authority that the server's TLS certificate is under; empty: those that the machine trusts. */
  caCertificate: Type.String({ maxLength: 65_536 }),
  serverId: Id,
  cid: Cid,
  /** RFC 7638 thumbprint of the vendor root; must be the one that the device pins. */
  rootThumbprint: Sha256,
  appId: AppId,
  pid: Id,
  category: Category,
  /** Key of the fingerprint digests of this App, 256 bits. */
  fingerprintKey: Sha256,
  enrollment: Type.Object({ id: Id, secret: Sha256, expiresAt: Epoch }),
});
export type Enrollment = Type.Static<typeof Enrollment>;

/**
 * Reads an enrollment file, and holds it against the vendor root that the device pins: a device never moves to
 * another root by enrolling. Source: protocol, Trust.
 *
 * @param where name of the file, for the message
 * @throws `enrollment_malformed`, `enrollment_other_root`
 */
export function parseEnrollment(text: string, root: VerificationKey, where: string): Enrollment {
  const enrollment = parseJson(Enrollment, text, 'enrollment_malformed', where);
  if (enrollment.rootThumbprint !== root.thumbprint) {
    throw new LicenseError('enrollment_other_root', {
      where,
      pinned: root.thumbprint,
      named: enrollment.rootThumbprint,
    });
  }
  return enrollment;
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
