import * as Type from 'typebox';
import { Fingerprint } from '../device/fingerprint.ts';
import { LicenseError } from '../errors.ts';
import { PublicJwk, publicKeyThumbprint, type VerificationKey, verificationKey } from '../keys.ts';
import { AppId, Compact, Epoch, Id, LicenseKey, Sha256 } from '../shapes.ts';
import { Sessions } from './concurrency-lease.ts';
import { defineDocument } from './signed-document.ts';

export const Purpose = Type.Union([
  Type.Literal('activate'),
  Type.Literal('refresh'),
  Type.Literal('renew'),
  Type.Literal('transfer'),
  Type.Literal('release'),
  Type.Literal('lease'),
]);
export type Purpose = Type.Static<typeof Purpose>;

/** What a device says of itself, kept and shown: short and printable. */
const Word = Type.String({ pattern: '^[\\x20-\\x7e]{1,64}$' });

/** A device's wish, signed by the device key that it carries. */
export const LicenseRequest = Type.Object({
  /** Chosen by the device; the answer's `nonce`. A request that changes state is retried under the same jti. */
  jti: Id,
  /** The license server's id. */
  aud: Id,
  /** The device's own time; informative, since it may stand at 1970. */
  iat: Epoch,
  purpose: Purpose,
  /** Made by the daemon itself (true) or asked for by a person (false). */
  automatic: Type.Boolean(),
  appId: AppId,
  pid: Id,
  licenseKey: LicenseKey,
  jwk: PublicJwk,
  fingerprint: Fingerprint,
  /** Rises with every request of this device key; a lower one tells the server of a restored disk. */
  counter: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  /** The token the device holds, if any. */
  heldToken: Type.Optional(Compact),
  /** Highest minutes per meter id. */
  usage: Type.Optional(
    Type.Record(
      Type.String({ pattern: '^[0-9A-F]{32}$' }),
      Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
      // Whoever adds the totals up reads every member, so none may be of another shape.
      { additionalProperties: false },
    ),
  ),
  agentVersion: Word,
  bootId: Word,
  /** A first activation proves that it holds an enrollment file; see enrollmentProof. */
  enrollment: Type.Optional(Type.Object({ id: Id, hmac: Sha256 })),
  toLicenseKey: Type.Optional(LicenseKey),
  renewId: Type.Optional(Id),
  /** With `lease`: how many sessions the device wants to run at the same time. */
  sessions: Type.Optional(Sessions),
});
export type LicenseRequest = Type.Static<typeof LicenseRequest>;

export const licenseRequestDocument = defineDocument({
  typ: 'license-request+jwt',
  schema: LicenseRequest,
  maxBytes: 16_384,
});

/** A request as it arrived, before its signature was looked at. */
export interface ParsedLicenseRequest {
  readonly compact: string;
  readonly claims: LicenseRequest;
  /** Thumbprint of the device key. */
  readonly jkt: string;
  /** Made when asked for: strangers are turned away without. */
  readonly deviceKey: VerificationKey;
}

/**
 * Reads a request far enough to know which device key and enrollment it names, so that strangers are turned
 * away before any signature work. Source: protocol, Identity, "Enrollment proof".
 *
 * @throws `document_malformed`, `document_too_large`, `document_wrong_type`, `key_malformed`
 */
export function parseLicenseRequest(compact: unknown): ParsedLicenseRequest {
  const { claims, kid } = licenseRequestDocument.parse(compact);
  if (publicKeyThumbprint(claims.jwk) !== kid) {
    throw new LicenseError('document_malformed', {
      where: 'license-request+jwt',
      problem: { en: 'kid is not the thumbprint of jwk', zh: 'kid 不是 jwk 的指纹' },
    });
  }
  return {
    compact: compact as string,
    claims,
    jkt: kid,
    get deviceKey() {
      return verificationKey(claims.jwk);
    },
  };
}

/**
 * Proves that the sender holds the device key that the request carries.
 *
 * @throws `signature_invalid`
 */
export async function verifyLicenseRequest({
  compact,
  deviceKey,
}: ParsedLicenseRequest): Promise<LicenseRequest> {
  return licenseRequestDocument.verify(compact, [deviceKey]);
}
