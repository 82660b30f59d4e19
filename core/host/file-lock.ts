import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { unwritable } from './files.ts';
import { translating } from './sqlite.ts';

/** How long one run waits for another, in milliseconds; what is done under a lock takes a few. */
const WAIT_MS = 5_000;

/**
 * Works while no other process works under the same lock. The lock is the system's own, by way of SQLite: it ends with
 * its process, however that ends, so that a crash leaves none behind.
 *
 * @param file made where it is missing; stays empty
 * @throws `store_busy` where another held it for 5 seconds, `file_unwritable`, `store_full`; what `work` throws
 */
export function withFileLock<T>(file: string, work: () => T): T {
  makeEmpty(file);
  const lock = translating(file, () => new Database(file, { timeout: WAIT_MS }));
  try {
    translating(file, () => lock.exec('BEGIN EXCLUSIVE'));
    return work();
  } finally {
    lock.close();
  }
}

function makeEmpty(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600));
  } catch (cause) {
    throw unwritable(file, cause);
  }
}
