import { dirname, join } from 'node:path';
import { LicenseError } from '#core/errors.ts';
import { withFileLock } from '#core/host/file-lock.ts';
import { appendEntry, isUnchanged, type Ledger } from './ledger.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/**
 * Works on the ledger that was read, while no other run can write to it. What `work` writes beside its entry is written
 * for that entry alone, since of two runs that decided on the same ledger only the first comes this far.
 *
 * @param work does all that belongs together, at once
 * @throws `ledger_changed` where another run wrote in the meantime, since what was decided on may no longer hold; as
 * withFileLock; what `work` throws
 */
export function holdLedger<T>(ledger: Ledger, work: (append: (entry: LedgerEntry) => Ledger) => T): T {
  return whileLocked(dirname(ledger.file), () => {
    if (!isUnchanged(ledger)) throw new LicenseError('ledger_changed', { file: ledger.file });
    return work((entry) => appendEntry(ledger, entry));
  });
}

/** Works while no other run writes to the vendor's folder. @throws as withFileLock; what `work` throws */
export function whileLocked<T>(dir: string, work: () => T): T {
  return withFileLock(join(dir, 'ledger.lock'), work);
}
