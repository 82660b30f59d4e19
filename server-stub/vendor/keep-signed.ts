import { makeFolderDurably, writeFileDurably } from '#core/host/files.ts';
import { holdLedger } from './hold-ledger.ts';
import { copyOf, issuedFolder } from './issued-copy.ts';
import type { Ledger } from './ledger.ts';
import type { CertificateEntry, GrantEntry } from './ledger-entry.ts';

/**
 * Keeps a copy of what was signed under `issued/`, named by its SHA-256 as in the ledger, then records it: whatever the
 * ledger tells of can be handed out again. Both come before the document leaves, since a serial that was recorded and
 * not used is harmless, and the reverse is not.
 *
 * @returns the ledger as it is now
 * @throws as holdLedger; `file_unwritable`, `store_full`
 */
export function keepSigned(ledger: Ledger, entry: CertificateEntry | GrantEntry, document: string): Ledger {
  return holdLedger(ledger, (append) => {
    makeFolderDurably(issuedFolder(ledger), 0o700);
    writeFileDurably(copyOf(ledger, entry), document, 0o600);
    return append(entry);
  });
}
