import { existsSync } from 'node:fs';
import { LicenseError } from '../errors.ts';
import { createFileDurably } from './files.ts';

/**
 * Writes a file that a command was asked for, and never over another one.
 *
 * @throws `file_exists`; `file_unwritable`, `store_full`
 */
export function writeNewFile(file: string, text: string, mode: number): void {
  try {
    createFileDurably(file, text, mode);
  } catch (cause) {
    if (!(cause instanceof LicenseError) || cause.code !== 'already_initialized') throw cause;
    throw new LicenseError('file_exists', { file }, { cause });
  }
}

/**
 * Says early that a file cannot be made because it is there.
 *
 * @throws `file_exists`
 */
export function requireNewFile(file: string): void {
  if (existsSync(file)) throw new LicenseError('file_exists', { file });
}
