import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LicenseError } from '#core/errors.ts';
import { writeFileDurably } from '#core/host/files.ts';
import { reasonOf } from '#core/host/reason.ts';

/** What the agent keeps in its stateDir. */
export function stateFiles(stateDir: string) {
  return {
    deviceKey: join(stateDir, 'device-key.pem'),
    licenseKey: join(stateDir, 'license-key'),
    enrollment: join(stateDir, 'enrollment.json'),
    store: join(stateDir, 'agent.db'),
  };
}

/**
 * Makes a folder of the agent's where it is missing.
 *
 * @param mode its permissions then, whatever the umask
 *
 * @throws `file_unwritable`
 */
export function ensureFolder(folder: string, mode: number): void {
  try {
    const made = mkdirSync(folder, { recursive: true, mode });
    if (made !== undefined) chmodSync(folder, mode);
  } catch (cause) {
    throw new LicenseError('file_unwritable', { file: folder, problem: reasonOf(cause) }, { cause });
  }
}

/**
 * Writes a file (0600) into the stateDir. Written by root, it is given to the owner of the folder: the daemon
 * runs as another user.
 *
 * @throws `store_full`, `file_unwritable`
 */
export function writeStateFile(file: string, text: string): void {
  writeFileDurably(file, text, 0o600);
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(file));
  if (uid !== 0) chownSync(file, uid, gid);
}
