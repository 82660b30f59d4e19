import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { LicenseError } from '../errors.ts';

const MAX_TEXT_BYTES = 16 * 1024 * 1024;

/**
 * A small text file of unknown origin.
 *
 * @param maxBytes bound on its size
 * @throws `file_unreadable`
 */
export function readTextFile(file: string, maxBytes: number = MAX_TEXT_BYTES): string {
  try {
    const { size } = statSync(file);
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LicenseError('file_unreadable', { file, problem: reasonOf(cause) }, { cause });
  }
}

/**
 * Writes a file whole or not at all, and durably: a new file beside it is written, synced and renamed over it,
 * then the folder is synced.
 *
 * @param mode permissions of the new file, whatever the umask
 * @throws `store_full`, `file_unwritable`
 */
export function writeFileDurably(file: string, text: string, mode: number): void {
  const temporary = `${file}.${process.pid}.new`;
  try {
    writeSynced(temporary, text, mode);
    renameSync(temporary, file);
    syncFolder(file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw unwritable(file, cause);
  }
}

/**
 * Creates a file that must not exist yet, durably.
 *
 * @throws `already_initialized` where it exists; else as {@link writeFileDurably}
 */
export function createFileDurably(file: string, text: string, mode: number): void {
  try {
    writeSynced(file, text, mode);
    syncFolder(file);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') throw new LicenseError('already_initialized', { where: file }, { cause });
    throw unwritable(file, cause);
  }
}

/** The short reason of a failed system call, for a message. */
export function reasonOf(cause: unknown): string {
  const code = codeOf(cause);
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EROFS') return 'the disk is read-only';
  return cause instanceof Error ? cause.message : String(cause);
}

/** The `code` of a Node system error, such as `ENOENT`. */
export function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
}

function writeSynced(file: string, text: string, mode: number): void {
  const descriptor = openSync(file, 'wx', mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncFolder(file: string): void {
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function unwritable(file: string, cause: unknown): LicenseError {
  return codeOf(cause) === 'ENOSPC'
    ? new LicenseError('store_full', {}, { cause })
    : new LicenseError('file_unwritable', { file, problem: reasonOf(cause) }, { cause });
}
