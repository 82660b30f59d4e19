import * as Type from 'typebox';
import { AppId, Cid, Epoch, Id, LicenseKey, Sha256 } from '../shapes.ts';
import { defineDocument } from './signed-document.ts';

/** Sessions that one license may ask for at a time. */
export const MOST_SESSIONS = 10_000;
export const Sessions = Type.Integer({ minimum: 0, maximum: MOST_SESSIONS });

/** How many sessions a license may run at the same time until the lease ends. Source: contract, row "PCU limit". */
export const ConcurrencyLease = Type.Object({
  iss: Id,
  cid: Cid,
  jti: Id,
  /** The request's jti. */
  nonce: Id,
  iat: Epoch,
  exp: Epoch,
  /** The device key that asked (RFC 7800 §3.1, RFC 7638). */
  cnf: Type.Object({ jkt: Sha256 }),
  appId: AppId,
  pid: Id,
  licenseKey: LicenseKey,
  license: Id,
  sessions: Sessions,
});
export type ConcurrencyLease = Type.Static<typeof ConcurrencyLease>;

export const concurrencyLeaseDocument = defineDocument({
  typ: 'license-lease+jwt',
  schema: ConcurrencyLease,
  maxBytes: 2048,
});
