import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createFileDurably, writeFileDurably } from '#core/host/files.ts';
import { readKeyFile } from '#core/host/key-file.ts';
import { codeOf } from '#core/host/reason.ts';
import { generateSigningKey, type SigningKey, signingKeyToPem } from '#core/keys.ts';

const filesOf = (stateDir: string) => ({
  current: join(stateDir, 'server-key.pem'),
  next: join(stateDir, 'server-key.next.pem'),
  previous: join(stateDir, 'server-key.previous.pem'),
});

/** The key before, and those that were before it: `server-key.previous.THUMBPRINT.pem`. */
const IS_PREVIOUS = /^server-key\.previous(\.[\w-]+)?\.pem$/;

/** Reads the keys beside the current one: the next, which the vendor is asked to certify, and those before. */
export function otherServerKeys(stateDir: string): (options?: { anew?: boolean }) => readonly SigningKey[] {
  let known: readonly SigningKey[] | undefined;
  return ({ anew = false } = {}) => {
    if (known === undefined || anew) {
      // The current too, and after the next: another process may be putting the one in the place of the other.
      const { current, next } = filesOf(stateDir);
      known = [next, current, ...previousFiles(stateDir)].flatMap((file) => keyIn(file) ?? []);
    }
    return known;
  };
}

/** The key that the vendor is asked to certify next; made where there is none. */
export function nextServerKey(stateDir: string): SigningKey {
  const { next } = filesOf(stateDir);
  if (!existsSync(next)) createFileDurably(next, signingKeyToPem(generateSigningKey()), 0o600);
  return readKeyFile(next);
}

/** The next key, where one was made and has not taken its place yet. */
export function pendingServerKey(stateDir: string): SigningKey | undefined {
  return keyIn(filesOf(stateDir).next);
}

/**
 * Puts the next key in the place of the current one, which is kept, and so is the one before that: answers that were
 * decided before are signed with them still. At every moment all keys that certificates name are there. Does nothing
 * where another process did it, or begins to.
 *
 * @throws `file_unwritable`, `store_full`, `key_file_permissions`, …
 */
export function promoteServerKey(stateDir: string, { thumbprint }: SigningKey): void {
  const { current, next, previous } = filesOf(stateDir);
  const before = readKeyFile(current);
  // Looked at after the current one was read: while this key waits, that is the one before it, and not this key itself.
  if (keyIn(next)?.thumbprint !== thumbprint) return;
  const earlier = keyIn(previous);
  if (earlier !== undefined && earlier.thumbprint !== before.thumbprint) {
    const aside = join(stateDir, `server-key.previous.${earlier.thumbprint}.pem`);
    writeFileDurably(aside, signingKeyToPem(earlier), 0o600);
  }
  writeFileDurably(previous, signingKeyToPem(before), 0o600);
  try {
    renameSync(next, current);
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause;
  }
}

function previousFiles(stateDir: string): string[] {
  return readdirSync(stateDir)
    .filter((name) => IS_PREVIOUS.test(name))
    .sort()
    .map((name) => join(stateDir, name));
}

/** undefined where there is no such file, or no longer. */
function keyIn(file: string): SigningKey | undefined {
  try {
    return existsSync(file) ? readKeyFile(file) : undefined;
  } catch (thrown) {
    if (existsSync(file)) throw thrown;
    return undefined;
  }
}
