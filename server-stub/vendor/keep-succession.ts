import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseVendorRoots, type VendorRoots } from '#core/documents/vendor-roots.ts';
import {
  makeFolderDurably,
  moveFileDurably,
  readTextFile,
  syncFile,
  unwritable,
  writeFileDurably,
} from '#core/host/files.ts';
import { holdLedger, whileLocked } from './hold-ledger.ts';
import { readLedger } from './ledger.ts';
import type { SuccessionEntry } from './ledger-entry.ts';
import { requireNamedRoots, unfinishedSuccession } from './named-roots.ts';
import { filesOf, readVendorFolder, type VendorFolder } from './vendor-folder.ts';

export interface SuccessionKept {
  readonly sealedRoot: string;
  readonly sealedSpare: string;
  readonly roots: VendorRoots;
  readonly entry: SuccessionEntry;
}

/** Where what is about to take the place of the present keys lies, under the names of a folder's first keys. */
const stageOf = (dir: string) => join(dir, 'next');

/**
 * Replaces the root keys. The ledger's entry decides: until it is there the present keys are the vendor's, and what lies
 * in `next/` is nobody's; from then on the new ones are, and `finishSuccession` does what a crash left undone.
 *
 * @throws as holdLedger; `file_unwritable`, `store_full`
 */
export function keepSuccession(
  { dir, ledger }: VendorFolder,
  { sealedRoot, sealedSpare, roots, entry }: SuccessionKept,
): void {
  holdLedger(ledger, (append) => {
    const stage = filesOf(stageOf(dir));
    // Of a run that was cut off before its entry: the ledger is as it was read, and tells of no keys there.
    removeStage(dir);
    try {
      makeFolderDurably(stageOf(dir), 0o700);
      writeFileDurably(stage.rootKey, sealedRoot, 0o600);
      writeFileDurably(stage.spareKey, sealedSpare, 0o600);
      writeFileDurably(stage.roots, `${JSON.stringify(roots, null, 2)}\n`, 0o644);
    } catch (cause) {
      removeStage(dir);
      throw cause;
    }
    append(entry);
    putInPlace(dir, entry);
  });
}

/**
 * Finishes a replacement that was cut off after its entry in the ledger.
 *
 * @returns the entry, or undefined where nothing was left undone
 * @throws `file_unreadable`, `vendor_roots_malformed`, `ledger_damaged` where the new keys are gone or others;
 * `file_unwritable`, `store_full`, `store_busy`; as readVendorFolder
 */
export function finishSuccession(dir: string): SuccessionEntry | undefined {
  if (unfinishedSuccession(readVendorFolder(dir)) === undefined) return undefined;
  return whileLocked(dir, () => {
    // Asked again: it may have been the moment in which another run did it.
    const entry = unfinishedSuccession(readVendorFolder(dir));
    if (entry === undefined) return undefined;
    // Killed right after it wrote the entry, that run may not have synced it.
    syncFile(filesOf(dir).ledger);
    putInPlace(dir, entry);
    return entry;
  });
}

/** Each step can be done again. The roots file comes last: who reads it finds the keys that it names. */
function putInPlace(dir: string, { version }: SuccessionEntry): void {
  const [from, to] = [filesOf(stageOf(dir)), filesOf(dir, version)];
  const roots = parseVendorRoots(readTextFile(from.roots), from.roots);
  requireNamedRoots({ roots, ledger: readLedger(to.ledger) });
  for (const name of ['rootKey', 'spareKey', 'roots'] as const)
    if (existsSync(from[name])) moveFileDurably(from[name], to[name]);
  try {
    removeStage(dir);
  } catch {
    // All is in place; the next replacement clears it away.
  }
}

function removeStage(dir: string): void {
  const stage = stageOf(dir);
  try {
    rmSync(stage, { recursive: true, force: true });
  } catch (cause) {
    throw unwritable(stage, cause);
  }
}
