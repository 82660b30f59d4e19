import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from './system-files.ts';

const TPM = 'sys/class/tpm/tpm0';
/** The endorsement key of a TPM 1.2; a kernel shows none of a TPM 2.0. Source: Linux, sysfs-class-tpm, `pubek`. */
const KEY_FILES = [`${TPM}/pubek`, `${TPM}/device/pubek`];

/** SHA-256 of the public endorsement key that a machine's TPM was made with, in hex; undefined where none can be read. */
export function tpmKey(root: string): string | undefined {
  for (const file of KEY_FILES) {
    const [, lines = ''] =
      /^Modulus:\s*((?:[0-9A-F]{2}\s+)+)/im.exec(readIfThere(join(root, file)) ?? '') ?? [];
    const modulus = Buffer.from(lines.replace(/\s/g, ''), 'hex');
    // A TPM that nobody may ask shows zeros.
    if (modulus.some((byte) => byte !== 0)) return createHash('sha256').update(modulus).digest('hex');
  }
  return undefined;
}

/** Where a TPM is that tells no key without software of its own. */
export function silentTpm(root: string): string | undefined {
  return existsSync(join(root, TPM)) && tpmKey(root) === undefined ? TPM : undefined;
}
