import * as Type from 'typebox';
import { AppId, Cid, Epoch, Id, LicenseKey } from '../shapes.ts';
import { defineDocument } from './signed-document.ts';

/**
 * What older device tools hold: that a LicenseKey has a license, and until when. It names no device and its `typ` is
 * its own, so no agent takes it for a token. The same license always gives the same cert, byte for byte: nothing in it
 * is made anew, and Ed25519 is deterministic (RFC 8032 §5.1.6). Source: contract, call 14.
 */
export const LicenseCert = Type.Object({
  iss: Id,
  cid: Cid,
  /** When the license became what it is: its activation, or its last renewal. */
  iat: Epoch,
  license: Id,
  appId: AppId,
  pid: Id,
  licenseKey: LicenseKey,
  activationTime: Epoch,
  expireTime: Epoch,
});
export type LicenseCert = Type.Static<typeof LicenseCert>;

/** 2,047 bytes is what the buffers of those tools hold; a LicenseKey of 32 characters stays below 1,024. */
export const licenseCertDocument = defineDocument({
  typ: 'license-cert+jwt',
  schema: LicenseCert,
  maxBytes: 2047,
});
