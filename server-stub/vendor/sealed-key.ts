import { FlattenedEncrypt, flattenedDecrypt, errors as jose } from 'jose';
import * as Type from 'typebox';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { type SigningKey, signingKeyFromJwk, signingKeyToJwk } from '#core/keys.ts';
import { parseJson } from '#core/shapes.ts';

const ALGORITHM = 'PBES2-HS512+A256KW';
const ENCRYPTION = 'A256GCM';
/** Rounds of PBKDF2: about 0.3 s a try on one core. RFC 8018 §4.2 leaves the number to its time. */
const ITERATIONS = 600_000;
/** Room for raising {@link ITERATIONS} later, while a planted file cannot keep the program busy (RFC 7518 §8.1). */
const MAX_ITERATIONS = 2_000_000;

const Part = Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: 4096 });
/** Exactly these members: an unprotected header would be one that nobody vouches for. */
const FlattenedJwe = Type.Object(
  { protected: Part, encrypted_key: Part, iv: Part, ciphertext: Part, tag: Part },
  { additionalProperties: false },
);

/**
 * A private key under a passphrase: the JWE of its JWK (RFC 7516 §7.2.2, RFC 7518 §4.8), as text for a file.
 */
export async function sealKey(key: SigningKey, passphrase: string): Promise<string> {
  const jwe = await new FlattenedEncrypt(Buffer.from(JSON.stringify(signingKeyToJwk(key))))
    .setProtectedHeader({ alg: ALGORITHM, enc: ENCRYPTION, cty: 'jwk+json', kid: key.thumbprint })
    .setKeyManagementParameters({ p2c: ITERATIONS })
    .encrypt(passphraseBytes(passphrase));
  return `${JSON.stringify(jwe, null, 2)}\n`;
}

/**
 * The private key in a sealed file's text. An altered ciphertext and a wrong passphrase look alike, as JWE
 * intends (RFC 7516 §11.5).
 *
 * @param file its name, for the message
 * @throws `passphrase_wrong`, `key_file_damaged` where the text is no such JWE, `key_malformed`
 */
export async function openSealedKey(text: string, passphrase: string, file: string): Promise<SigningKey> {
  const jwe = parseSealed(text, file);
  let plaintext: Uint8Array;
  try {
    ({ plaintext } = await flattenedDecrypt(jwe, passphraseBytes(passphrase), {
      keyManagementAlgorithms: [ALGORITHM],
      contentEncryptionAlgorithms: [ENCRYPTION],
      maxPBES2Count: MAX_ITERATIONS,
    }));
  } catch (cause) {
    if (cause instanceof jose.JWEDecryptionFailed) throw new LicenseError('passphrase_wrong', {}, { cause });
    if (cause instanceof jose.JOSEError) {
      throw damaged(file, { en: 'is not sealed the way init seals keys', zh: '加密方式与 init 不符' }, cause);
    }
    throw cause;
  }
  return signingKeyFromJwk(JSON.parse(Buffer.from(plaintext).toString('utf8')));
}

function parseSealed(text: string, file: string): Type.Static<typeof FlattenedJwe> {
  try {
    return parseJson(FlattenedJwe, text, 'document_malformed', file);
  } catch (cause) {
    throw damaged(file, { en: 'is not an encrypted key', zh: '不是加密的密钥' }, cause);
  }
}

/** NFC (RFC 8265 §4.2.2), so that one passphrase typed on two keyboards is the same bytes. */
function passphraseBytes(passphrase: string): Uint8Array {
  return Buffer.from(passphrase.normalize('NFC'), 'utf8');
}

function damaged(file: string, problem: Bilingual, cause: unknown): LicenseError {
  return new LicenseError('key_file_damaged', { file, problem }, { cause });
}
