import { existsSync, statSync } from 'node:fs';
import { LicenseError } from '../errors.ts';
import { generateSigningKey, type SigningKey, signingKeyFromPem, signingKeyToPem } from '../keys.ts';
import { createFileDurably, readTextFile } from './files.ts';

const OTHERS = 0o077;

/**
 * A secret file's text. One that its group or others may read is refused, as ssh does: who could read it may
 * have copied it.
 *
 * @throws `key_file_permissions`, `file_unreadable`
 */
export function readSecretFile(file: string): string {
  const text = readTextFile(file, 65_536);
  const mode = statSync(file).mode & 0o777;
  if ((mode & OTHERS) !== 0) {
    throw new LicenseError('key_file_permissions', { file, mode: mode.toString(8).padStart(4, '0') });
  }
  return text;
}

/**
 * The signing key in a file of mode 0600.
 *
 * @throws as {@link readSecretFile}; `key_malformed`
 */
export function readKeyFile(file: string): SigningKey {
  return signingKeyFromPem(readSecretFile(file));
}

/**
 * Makes a key and its file, 0600; never over an existing one.
 *
 * @throws `already_initialized`, `store_full`, `file_unwritable`
 */
export function createKeyFile(file: string): SigningKey {
  const key = generateSigningKey();
  createFileDurably(file, signingKeyToPem(key), 0o600);
  return key;
}

/** The key in the file, made there first where the file is missing. */
export function readOrCreateKeyFile(file: string): SigningKey {
  return existsSync(file) ? readKeyFile(file) : createKeyFile(file);
}
