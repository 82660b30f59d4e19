import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type PinnedRoots, parseVendorRoots, type VendorRoots } from '#core/documents/vendor-roots.ts';
import { LicenseError } from '#core/errors.ts';
import { createFileDurably, readTextFile, writeFileDurably } from '#core/host/files.ts';
import { readSecretFile } from '#core/host/key-file.ts';
import { reasonOf } from '#core/host/reason.ts';
import type { SigningKey, VerificationKey } from '#core/keys.ts';
import { appendToLedger, type Ledger, ledgerLine, readLedger } from './ledger.ts';
import type { LedgerEntry, SuccessionEntry } from './ledger-entry.ts';
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
 * Reads the vendor's folder; the keys stay sealed.
 *
 * @throws `not_initialized`, `vendor_roots_malformed`, `ledger_damaged` also where it is another vendor's,
 * `file_unreadable`
 */
export function openVendorFolder(dir: string): VendorFolder {
  const files = filesOf(dir);
  if (!existsSync(files.roots)) {
    const command = `license-vendor init --dir ${dir} --name NAME`;
    throw new LicenseError('not_initialized', { where: dir, command });
  }
  const roots = parseVendorRoots(readTextFile(files.roots), files.roots);
  const ledger = readLedger(files.ledger);
  const [first] = ledger.entries;
  if (first?.kind !== 'init' || first.root !== roots.all.at(-1)?.thumbprint) {
    const problem = { en: 'is the ledger of another root', zh: '属于另一个根密钥' };
    throw new LicenseError('ledger_damaged', { file: files.ledger, line: 1, problem });
  }
  return { roots, ledger, dir };
}

/**
 * Keeps new root keys. The roots file is written last: until it is there the present keys are the vendor's.
 *
 * @returns where they lie
 * @throws `file_unwritable`, `store_full`; as appendToLedger
 */
export function keepSuccession(
  { dir, ledger }: VendorFolder,
  { sealedRoot, sealedSpare, roots, entry }: Omit<VendorFolderContent, 'entry'> & { entry: SuccessionEntry },
): ReturnType<typeof filesOf> {
  const files = filesOf(dir, entry.version);
  writeFileDurably(files.rootKey, sealedRoot, 0o600);
  writeFileDurably(files.spareKey, sealedSpare, 0o600);
  appendToLedger(ledger, entry);
  writeFileDurably(files.roots, `${JSON.stringify(roots, null, 2)}\n`, 0o644);
  return files;
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
