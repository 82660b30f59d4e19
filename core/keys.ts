import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type webcrypto,
} from 'node:crypto';
import * as Type from 'typebox';
import { LicenseError } from './errors.ts';
import { shapeProblem } from './shapes.ts';

/** An Ed25519 public key as a JWK (RFC 8037 §2), nothing else in it. */
export const PublicJwk = Type.Object({
  kty: Type.Literal('OKP'),
  crv: Type.Literal('Ed25519'),
  x: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
});
export type PublicJwk = Type.Static<typeof PublicJwk>;

/** A private key as a JWK, `d` included: a secret. */
export type PrivateJwk = webcrypto.JsonWebKey;

export interface VerificationKey {
  readonly jwk: PublicJwk;
  /** RFC 7638 SHA-256 thumbprint; `kid` of what the key signs and `cnf.jkt` of what is bound to it. */
  readonly thumbprint: string;
  readonly publicKey: KeyObject;
  /** Where another took its place: since when, in epoch seconds. What it signs later is not believed. */
  readonly replacedAt?: number;
}

export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject;
}

/** A new Ed25519 key pair. */
export function generateSigningKey(): SigningKey {
  return signingKey(generateKeyPairSync('ed25519').privateKey);
}

/**
 * A private key from its PKCS #8 PEM text.
 *
 * @throws `key_malformed` where it is no Ed25519 key
 */
export function signingKeyFromPem(pem: string): SigningKey {
  return signingKey(readPrivateKey(() => createPrivateKey(pem)));
}

/** The PKCS #8 PEM text of a private key. */
export function signingKeyToPem({ privateKey }: SigningKey): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * A private key from its JWK (RFC 8037 §2, with `d`).
 *
 * @throws `key_malformed` where it is no Ed25519 key
 */
export function signingKeyFromJwk(jwk: PrivateJwk): SigningKey {
  return signingKey(readPrivateKey(() => createPrivateKey({ key: jwk, format: 'jwk' })));
}

/** The JWK of a private key, `d` included: a secret. */
export function signingKeyToJwk({ privateKey }: SigningKey): PrivateJwk {
  return privateKey.export({ format: 'jwk' });
}

/**
 * A public key from an untrusted JWK.
 *
 * @throws `key_malformed` also where `x` is not the one canonical spelling of its 32 bytes, so that a key has
 * one thumbprint
 */
export function verificationKey(jwk: unknown): VerificationKey {
  const thumbprint = publicKeyThumbprint(jwk);
  const plain: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x: (jwk as PublicJwk).x };
  return { jwk: plain, thumbprint, publicKey: createPublicKey({ key: plain, format: 'jwk' }) };
}

/**
 * The RFC 7638 thumbprint of a public key from an untrusted JWK, for a fraction of what it takes to make the key.
 *
 * @throws `key_malformed` as {@link verificationKey}
 */
export function publicKeyThumbprint(jwk: unknown): string {
  if (shapeProblem(PublicJwk, jwk) !== undefined) throw new LicenseError('key_malformed');
  const { x } = jwk as PublicJwk;
  if (Buffer.from(x, 'base64url').toString('base64url') !== x) throw new LicenseError('key_malformed');
  // RFC 7638 §3: the required members in lexicographic order, no white space.
  const members = JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x });
  return createHash('sha256').update(members).digest('base64url');
}

function readPrivateKey(read: () => KeyObject): KeyObject {
  let privateKey: KeyObject;
  try {
    privateKey = read();
  } catch (cause) {
    throw new LicenseError('key_malformed', {}, { cause });
  }
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new LicenseError('key_malformed');
  return privateKey;
}

function signingKey(privateKey: KeyObject): SigningKey {
  return { privateKey, ...verificationKey(createPublicKey(privateKey).export({ format: 'jwk' })) };
}
