import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { type Bilingual, LicenseError } from '#core/errors.ts';

/** RFC 9106 §3.1 by the least that OWASP names: 19 MiB, two passes. It runs off the event loop. */
const COST = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const;
const SALT_BYTES = 16;
/** NIST SP 800-63B §3.1.1.2: length is what counts; no rules about kinds of characters. */
const LEAST_CHARACTERS = 10;
const MOST_CHARACTERS = 128;

/** What is kept where there is no password: no text hashes to it. */
export const NO_PASSWORD = '!';

const derive = promisify<'argon2id', Argon2Parameters, Buffer>(argon2);

/** The text that a password is kept as: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, as PHC strings are. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await derive('argon2id', { ...COST, message: bytesOf(password), nonce: salt });
  const { memory, passes, parallelism } = COST;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** Whether a password is the one that is kept as this text; in the same time wherever they differ. */
export async function isPassword(password: string, kept: string): Promise<boolean> {
  const found = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(kept);
  if (found === null || password.length > MOST_CHARACTERS * 4) return false;
  const [, memory, passes, parallelism, salt = '', tag = ''] = found;
  const expected = Buffer.from(tag, 'base64');
  const derived = await derive('argon2id', {
    message: bytesOf(password),
    nonce: Buffer.from(salt, 'base64'),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  });
  return timingSafeEqual(derived, expected);
}

/**
 * That a password may be chosen.
 *
 * @throws `password_weak`
 */
export function requireGoodPassword(password: string, userName: string): void {
  const { length } = [...password.normalize('NFC')];
  if (length < LEAST_CHARACTERS)
    weak({ en: `has fewer than ${LEAST_CHARACTERS} characters`, zh: `少于 ${LEAST_CHARACTERS} 个字符` });
  if (length > MOST_CHARACTERS)
    weak({ en: `has more than ${MOST_CHARACTERS} characters`, zh: `超过 ${MOST_CHARACTERS} 个字符` });
  if (password.toLowerCase().includes(userName.toLowerCase()))
    weak({ en: 'holds the user name', zh: '包含用户名' });
  if (new Set(password).size < 4) weak({ en: 'is one character again and again', zh: '由重复字符组成' });
}

function weak(problem: Bilingual): never {
  throw new LicenseError('password_weak', { problem });
}

/** NFC, so that one password typed on two keyboards is the same bytes (RFC 8265 §4.2.2). */
const bytesOf = (password: string) => Buffer.from(password.normalize('NFC'), 'utf8');
const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
