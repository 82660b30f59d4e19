import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LicenseError } from '../errors.ts';
import { codeOf, reasonOf } from './reason.ts';

const MAX_TEXT_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * A small text file of unknown origin.
 *
 * @param maxBytes bound on its size
 * @throws `file_unreadable`
 */
export function readTextFile(file: string, maxBytes: number = MAX_TEXT_BYTES): string {
  try {
    const bytes = readUpTo(file, maxBytes + 1);
    if (bytes.length > maxBytes) {
      const problem = { en: `it is larger than ${maxBytes} bytes`, zh: `超过 ${maxBytes} 字节` };
      throw new LicenseError('file_unreadable', { file, problem });
    }
    return bytes.toString('utf8');
  } catch (cause) {
    if (cause instanceof LicenseError) throw cause;
    throw new LicenseError('file_unreadable', { file, problem: reasonOf(cause) }, { cause });
  }
}

/**
 * A text file from a medium that somebody else wrote: a pipe there, or a link to a device, would be waited for without
 * end.
 *
 * @param maxBytes bound on its size
 * @throws `file_unreadable`
 */
export function readPlainTextFile(file: string, maxBytes: number): string {
  if (existsSync(file) && !statSync(file).isFile()) {
    const problem = { en: 'it is no plain file', zh: '不是普通文件' };
    throw new LicenseError('file_unreadable', { file, problem });
  }
  return readTextFile(file, maxBytes);
}

/** At most so many bytes from the beginning of a file; what has no size, such as a pipe, is bounded too. */
function readUpTo(file: string, maxBytes: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const chunks: Buffer[] = [];
    let left = maxBytes;
    while (left > 0) {
      const chunk = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
      const read = readSync(descriptor, chunk);
      if (read === 0) break;
      chunks.push(chunk.subarray(0, read));
      left -= read;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(descriptor);
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
  try {
    const temporary = writeBeside(file, text, mode);
    try {
      renameSync(temporary, file);
    } catch (cause) {
      rmSync(temporary, { force: true });
      throw cause;
    }
    syncFolder(file);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/**
 * Creates a file that must not exist yet, whole or not at all, and durably: half a key file left by a full disk
 * or a power cut would stand in the way of every later start.
 *
 * @param mode permissions of the new file, whatever the umask
 * @throws `already_initialized` where it exists; else as {@link writeFileDurably}
 */
export function createFileDurably(file: string, text: string | Uint8Array, mode: number): void {
  try {
    const temporary = writeBeside(file, text, mode);
    try {
      linkNew(temporary, file);
    } finally {
      rmSync(temporary, { force: true });
    }
    syncFolder(file);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') throw new LicenseError('already_initialized', { where: file }, { cause });
    throw unwritable(file, cause);
  }
}

/**
 * Gives a file another name on the same disk, in place of what had that name, durably.
 *
 * @throws `file_unwritable`, `store_full`
 */
export function moveFileDurably(from: string, to: string): void {
  try {
    renameSync(from, to);
    syncFolder(to);
  } catch (cause) {
    throw unwritable(to, cause);
  }
}

/**
 * Makes durable what a file holds, whoever wrote it.
 *
 * @throws `file_unwritable`, `store_full`
 */
export function syncFile(file: string): void {
  try {
    sync(file);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/**
 * Makes a folder where it is missing, and those above it, durably.
 *
 * @param mode permissions of what is made, less the umask
 * @throws `file_unwritable`, `store_full`
 */
export function makeFolderDurably(folder: string, mode = 0o777): void {
  try {
    if (mkdirSync(folder, { recursive: true, mode }) !== undefined) syncFolder(resolve(folder));
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/** Writes and syncs a new file beside the one it is meant for, and names it; on a fault nothing is left. */
function writeBeside(file: string, text: string | Uint8Array, mode: number): string {
  const temporary = `${file}.${process.pid}.new`;
  // Left by a process of the same id that died here; in a container ids come back soon.
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    // Unlike writeSync, this goes on after a short write, as a disk gives that is about to be full.
    writeFileSync(descriptor, text);
    setMode(descriptor, mode);
    fsyncSync(descriptor);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  } finally {
    closeSync(descriptor);
  }
  return temporary;
}

/** Gives a finished file its name. Unlike a rename, a link never replaces what is there. */
function linkNew(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
  } catch (cause) {
    if (!LACKING.includes(codeOf(cause) ?? '')) throw cause;
    // A USB stick's FAT has no links; nobody else writes it at the same moment.
    if (existsSync(file)) throw Object.assign(new Error('file exists', { cause }), { code: 'EEXIST' });
    renameSync(temporary, file);
  }
}

/** How a file system says that it has no permissions or no links. */
const LACKING: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Where the file system knows no permissions, whoever reads a secret from it later refuses it. */
function setMode(descriptor: number, mode: number): void {
  try {
    fchmodSync(descriptor, mode);
  } catch (cause) {
    if (!LACKING.includes(codeOf(cause) ?? '')) throw cause;
  }
}

function syncFolder(file: string): void {
  sync(dirname(file));
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The error of a file or folder that cannot be written. */
export function unwritable(file: string, cause: unknown): LicenseError {
  return codeOf(cause) === 'ENOSPC'
    ? new LicenseError('store_full', {}, { cause })
    : new LicenseError('file_unwritable', { file, problem: reasonOf(cause) }, { cause });
}
