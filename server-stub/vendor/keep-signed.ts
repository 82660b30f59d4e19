import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LicenseError } from '#core/errors.ts';
import { writeFileDurably } from '#core/host/files.ts';
import { reasonOf } from '#core/host/reason.ts';
import { appendToLedger, type Ledger } from './ledger.ts';
import type { CertificateEntry, GrantEntry } from './ledger-entry.ts';

/**
 * Records what was signed, then keeps a copy under `issued/`, named by its SHA-256 as in the ledger, so that it
 * can be handed out again. Both come before the document leaves.
 *
 * @throws as appendToLedger; `file_unwritable`, `store_full`
 */
export function keepSigned(ledger: Ledger, entry: CertificateEntry | GrantEntry, document: string): void {
  appendToLedger(ledger, entry);
  const folder = join(dirname(ledger.file), 'issued');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new LicenseError('file_unwritable', { file: folder, problem: reasonOf(cause) }, { cause });
  }
  writeFileDurably(join(folder, `${entry.sha256}.jwt`), document, 0o600);
}
