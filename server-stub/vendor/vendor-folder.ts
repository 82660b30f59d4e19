import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type PinnedRoots, parseVendorRoots, type VendorRoots } from '#core/documents/vendor-roots.ts';
import { LicenseError } from '#core/errors.ts';
import { createFileDurably, readTextFile } from '#core/host/files.ts';
import { readSecretFile } from '#core/host/key-file.ts';
import { reasonOf } from '#core/host/reason.ts';
import type { SigningKey, VerificationKey } from '#core/keys.ts';
import { whileLocked } from './hold-ledger.ts';
import { type Ledger, ledgerLine, readLedger } from './ledger.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { isSettled, requireNamedRoots, unfinishedSuccession } from './named-roots.ts';
import { openSealedKey } from './sealed-key.ts';

/** What `init` made, and what was signed since. */
export interface VendorFolder {
  readonly roots: PinnedRoots;
  readonly ledger: Ledger;
  readonly dir: string;
}

/** Where things lie in the vendor's folder; each version of the root has key files of its own. */
export const filesOf = (dir: string, version = 1) => ({
  rootKey: join(dir, version === 1 ? 'root.key.json' : `root.key.${version}.json`),
  spareKey: join(dir, version === 1 ? 'spare.key.json' : `spare.key.${version}.json`),
  roots: join(dir, 'vendor-roots.json'),
  ledger: join(dir, 'ledger.jsonl'),
});

export interface VendorFolderContent {
  readonly sealedRoot: string;
  readonly sealedSpare: string;
  readonly roots: VendorRoots;
  readonly entry: LedgerEntry;
}

/**
 * Refuses a folder that holds anything.
 *
 * @throws `already_initialized`, `file_unreadable`
 */
export function requireEmptyFolder(dir: string): void {
  if (!existsSync(dir)) return;
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (cause) {
    throw new LicenseError('file_unreadable', { file: dir, problem: reasonOf(cause) }, { cause });
  }
  if (names.length > 0) throw new LicenseError('already_initialized', { where: dir });
}

/**
 * Makes the vendor's folder, 0700, with everything in it or nothing.
 *
 * @throws `already_initialized`, `file_unwritable`, `store_full`
 */
export function createVendorFolder(dir: string, content: VendorFolderContent): void {
  requireEmptyFolder(dir);
  const files = filesOf(dir);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    chmodSync(dir, 0o700);
  } catch (cause) {
    throw new LicenseError('file_unwritable', { file: dir, problem: reasonOf(cause) }, { cause });
  }
  const made: string[] = [];
  const create = (file: string, text: string, mode: number) => {
    createFileDurably(file, text, mode);
    made.push(file);
  };
  try {
    create(files.rootKey, content.sealedRoot, 0o600);
    create(files.spareKey, content.sealedSpare, 0o600);
    create(files.roots, `${JSON.stringify(content.roots, null, 2)}\n`, 0o644);
    create(files.ledger, ledgerLine(content.entry), 0o600);
  } catch (cause) {
    for (const file of made) rmSync(file, { force: true });
    throw cause;
  }
}

/**
 * Opens the vendor's folder for reading and signing; the keys stay sealed.
 *
 * @throws `succession_unfinished`; `ledger_damaged` also where the ledger and the roots file tell of different roots; as
 * readVendorFolder
 */
export function openVendorFolder(dir: string): VendorFolder {
  const read = readVendorFolder(dir);
  // Where the two files differ it may be the moment between them, of a run that replaces the root.
  const folder = isSettled(read) ? read : whileLocked(dir, () => readVendorFolder(dir));
  const unfinished = unfinishedSuccession(folder);
  if (unfinished !== undefined)
    throw new LicenseError('succession_unfinished', { version: unfinished.version, dir });
  requireNamedRoots(folder);
  return folder;
}

/**
 * Reads the vendor's folder as it stands, cut off in the middle of a replacement of the root or not.
 *
 * @throws `not_initialized`, `vendor_roots_malformed`, `ledger_damaged`, `file_unreadable`
 */
export function readVendorFolder(dir: string): VendorFolder {
  const files = filesOf(dir);
  if (!existsSync(files.roots)) {
    const command = `license-vendor init --dir ${dir} --name NAME`;
    throw new LicenseError('not_initialized', { where: dir, command });
  }
  const roots = parseVendorRoots(readTextFile(files.roots), files.roots);
  return { roots, ledger: readLedger(files.ledger), dir };
}

/**
 * Opens the root key.
 *
 * @param passphrase asked for only once the file is fit to be used
 * @throws `key_file_permissions`, `key_file_damaged`, `passphrase_wrong`, what `passphrase` throws
 */
export function openRootKey(folder: VendorFolder, passphrase: () => Promise<string>): Promise<SigningKey> {
  return openKey(keyFilesOf(folder).rootKey, folder.roots.root, passphrase);
}

/** Opens the spare root key. @throws as {@link openRootKey} */
export function openSpareKey(folder: VendorFolder, passphrase: () => Promise<string>): Promise<SigningKey> {
  return openKey(keyFilesOf(folder).spareKey, folder.roots.spare, passphrase);
}

function keyFilesOf({ dir, roots }: VendorFolder) {
  return filesOf(dir, roots.all.length);
}

async function openKey(
  file: string,
  { thumbprint }: VerificationKey,
  passphrase: () => Promise<string>,
): Promise<SigningKey> {
  const sealed = readSecretFile(file);
  const key = await openSealedKey(sealed, await passphrase(), file);
  if (key.thumbprint !== thumbprint) {
    const problem = {
      en: 'holds another key than vendor-roots.json names',
      zh: '其中的密钥与 vendor-roots.json 不符',
    };
    throw new LicenseError('key_file_damaged', { file, problem });
  }
  return key;
}
