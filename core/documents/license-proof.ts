import * as Type from 'typebox';
import { LicenseError } from '../errors.ts';
import { PublicJwk, verificationKey } from '../keys.ts';
import { Epoch, Id, LicenseKey } from '../shapes.ts';
import type { LicenseToken } from './license-token.ts';
import { defineDocument } from './signed-document.ts';

/** Chosen by who asks, at random and never twice. */
export const Nonce = Type.String({ pattern: '^[A-Za-z0-9_-]{16,128}$' });

/** The device's word that it holds the key which a token is bound to, for one asker at one moment. */
export const LicenseProof = Type.Object({
  nonce: Nonce,
  /** The agent's trusted time. */
  iat: Epoch,
  licenseKey: LicenseKey,
  /** jti of the token that it is shown with. */
  token: Id,
  jwk: PublicJwk,
});
export type LicenseProof = Type.Static<typeof LicenseProof>;

export const licenseProofDocument = defineDocument({
  typ: 'license-proof+jwt',
  schema: LicenseProof,
  maxBytes: 2048,
});

/**
 * Verifies that whoever answered a nonce holds the device key of a token, which was verified before. Source: protocol,
 * Applications.
 *
 * @throws as {@link licenseProofDocument}.verify; `proof_mismatch`
 */
export async function verifyLicenseProof(
  compact: unknown,
  token: Pick<LicenseToken, 'jti' | 'cnf' | 'licenseKey'>,
  nonce: string,
): Promise<LicenseProof> {
  const { claims } = licenseProofDocument.parse(compact);
  const key = verificationKey(claims.jwk);
  const proof = await licenseProofDocument.verify(compact, [key]);
  const isOfToken =
    key.thumbprint === token.cnf.jkt && proof.token === token.jti && proof.licenseKey === token.licenseKey;
  if (!isOfToken || proof.nonce !== nonce) throw new LicenseError('proof_mismatch');
  return proof;
}
