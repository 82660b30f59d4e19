import { LicenseError } from '#core/errors.ts';
import type { Ledger } from './ledger.ts';
import type { SuccessionEntry } from './ledger-entry.ts';
import type { VendorFolder } from './vendor-folder.ts';

type Known = Pick<VendorFolder, 'roots' | 'ledger'>;

/** The replacement that stands in the ledger, and not yet in the roots file. */
export function unfinishedSuccession({ roots, ledger }: Known): SuccessionEntry | undefined {
  const { first, entry } = namedRoots(ledger);
  if (entry.kind !== 'succession' || entry.version !== roots.all.length + 1) return undefined;
  return first.root === roots.all.at(-1)?.thumbprint ? entry : undefined;
}

/**
 * That the roots file holds the very keys that the ledger tells of.
 *
 * @throws `ledger_damaged` where they are another vendor's, or one of the two files is an older one
 */
export function requireNamedRoots(folder: Known): void {
  if (isSettled(folder)) return;
  const { file, entries } = folder.ledger;
  const line = entries.indexOf(namedRoots(folder.ledger).entry) + 1;
  const problem = {
    en: 'tells of other root keys than vendor-roots.json',
    zh: '所记根密钥与 vendor-roots.json 不符',
  };
  throw new LicenseError('ledger_damaged', { file, line, problem });
}

/** Whether the roots file holds the very keys that the ledger tells of. */
export function isSettled({ roots, ledger }: Known): boolean {
  const { first, entry } = namedRoots(ledger);
  const version = entry.kind === 'succession' ? entry.version : 1;
  return (
    first.root === roots.all.at(-1)?.thumbprint &&
    version === roots.all.length &&
    entry.root === roots.root.thumbprint &&
    entry.spare === roots.spare.thumbprint
  );
}

/** The roots with which the ledger begins, and those of now. */
function namedRoots({ entries }: Ledger) {
  const named = entries.filter((entry) => entry.kind === 'init' || entry.kind === 'succession');
  const [first, entry] = [named[0], named.at(-1)];
  if (first === undefined || entry === undefined) throw new TypeError('a ledger begins with its roots');
  return { first, entry };
}
