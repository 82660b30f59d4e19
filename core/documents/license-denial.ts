import * as Type from 'typebox';
import { AppId, Cid, Epoch, Id, LicenseKey, Sha256 } from '../shapes.ts';
import { defineDocument } from './signed-document.ts';

/** Denials that end a license on the device they name. Source: protocol, "What ends a license on a device". */
const ENDING_CODES = ['released', 'transferred', 'different_device'] as const;
export type EndingCode = (typeof ENDING_CODES)[number];

/** `suspended` pauses what is held until a newer token; all others concern the request alone. */
export const DENIAL_CODES = [
  ...ENDING_CODES,
  'suspended',
  'quota_exhausted',
  'not_preauthorized',
  'unknown_pid',
  'unknown_license',
  'license_expired',
  'enrollment_exhausted',
  'rebind_limit',
  'takeover_limit',
  'renewal_refused',
  'transfer_refused',
  'concurrency_exhausted',
] as const;
export type DenialCode = (typeof DENIAL_CODES)[number];

export const LicenseDenial = Type.Object({
  iss: Id,
  cid: Cid,
  jti: Id,
  /** The request's jti. */
  nonce: Id,
  iat: Epoch,
  /** The device key that asked (RFC 7800 §3.1, RFC 7638). */
  cnf: Type.Object({ jkt: Sha256 }),
  appId: AppId,
  pid: Id,
  licenseKey: LicenseKey,
  /** The license it is about, where there is one. */
  license: Type.Optional(Id),
  code: Type.Enum([...DENIAL_CODES]),
});
export type LicenseDenial = Type.Static<typeof LicenseDenial>;

export const licenseDenialDocument = defineDocument({
  typ: 'license-denial+jwt',
  schema: LicenseDenial,
  maxBytes: 2048,
});

/** Whether a denial ends the license it names on this device. */
export function isEnding(code: DenialCode): code is EndingCode {
  return (ENDING_CODES as readonly string[]).includes(code);
}
