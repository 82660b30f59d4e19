import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createFileDurably, writeFileDurably } from '#core/host/files.ts';
import { readKeyFile, readSecretFile } from '#core/host/key-file.ts';
import { generateSigningKey, type SigningKey, signingKeyToPem } from '#core/keys.ts';

const filesOf = (stateDir: string) => ({
  current: join(stateDir, 'server-key.pem'),
  next: join(stateDir, 'server-key.next.pem'),
  previous: join(stateDir, 'server-key.previous.pem'),
});

/** Reads the keys beside the current one: the next, which the vendor is asked to certify, and the one before. */
export function otherServerKeys(stateDir: string): (options?: { anew?: boolean }) => readonly SigningKey[] {
  let known: readonly SigningKey[] | undefined;
  return ({ anew = false } = {}) => {
    // All three: another process may have put the next in the place of the current.
    const { current, next, previous } = filesOf(stateDir);
    if (known === undefined || anew)
      known = [next, current, previous].filter((file) => existsSync(file)).map(readKeyFile);
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
  const { next } = filesOf(stateDir);
  return existsSync(next) ? readKeyFile(next) : undefined;
}

/**
 * Puts the next key in the place of the current one, which is kept: answers that were decided before are signed with it
 * still. At every moment all keys that certificates name are there.
 */
export function promoteServerKey(stateDir: string): void {
  const { current, next, previous } = filesOf(stateDir);
  writeFileDurably(previous, readSecretFile(current), 0o600);
  renameSync(next, current);
}
