import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextFile } from '#core/host/files.ts';
import type { Ledger } from './ledger.ts';

/** Where copies of what was signed lie. */
export function issuedFolder({ file }: Ledger): string {
  return join(dirname(file), 'issued');
}

/** Where the copy of a document lies that the ledger tells of. */
export function copyOf(ledger: Ledger, { sha256 }: { readonly sha256: string }): string {
  return join(issuedFolder(ledger), `${sha256}.jwt`);
}

/**
 * The very document that an entry of the ledger tells of, or undefined where its copy is missing or another.
 *
 * @throws `file_unreadable`
 */
export function readIssuedCopy(ledger: Ledger, entry: { readonly sha256: string }): string | undefined {
  const file = copyOf(ledger, entry);
  if (!existsSync(file)) return undefined;
  const document = readTextFile(file);
  return createHash('sha256').update(document).digest('hex') === entry.sha256 ? document : undefined;
}
