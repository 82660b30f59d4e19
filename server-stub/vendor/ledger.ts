import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { unwritable } from '#core/host/files.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import { NOT_JSON, shapeProblem } from '#core/shapes.ts';
import { LedgerEntry } from './ledger-entry.ts';

/** The vendor's record of everything signed, as it stood when read. */
export interface Ledger {
  readonly file: string;
  readonly entries: readonly LedgerEntry[];
  /** A crash cut the last line short; the document it was to record never left. */
  readonly torn: boolean;
  /** How many bytes are whole lines, and what follows them. */
  readonly wholeBytes: number;
  readonly tail: Buffer;
}

/**
 * Reads a ledger, JSON lines. A last line without an end is what a crash leaves: it counts where it is whole,
 * and is passed over where it is torn. Any other damage is a fault, since serials and vids follow from it.
 *
 * @throws `ledger_damaged`, `file_unreadable`
 */
export function readLedger(file: string): Ledger {
  const content = readBytes(file);
  const lines = content.toString('utf8').split('\n');
  const last = lines.pop() ?? '';
  const entries = lines.map((line, index) => {
    const entry = parseEntry(line);
    if (isProblem(entry)) throw damaged(file, index + 1, entry);
    return entry;
  });
  if (entries[0]?.kind !== 'init')
    throw damaged(file, 1, { en: 'does not tell whose ledger this is', zh: '未说明账本的归属' });

  const unended = last === '' ? undefined : parseEntry(last);
  const torn = unended !== undefined && isProblem(unended);
  if (unended !== undefined && !isProblem(unended)) entries.push(unended);
  const wholeBytes = content.lastIndexOf('\n') + 1;
  return { file, entries, torn, wholeBytes, tail: content.subarray(wholeBytes) };
}

/**
 * Adds an entry to the ledger that was read, durably; a torn last line is cut off first. Only under the lock of
 * `holdLedger`, which makes sure that the file is still what was read.
 *
 * @returns the ledger as it is now
 * @throws `store_full`, `file_unwritable`
 */
export function appendEntry(ledger: Ledger, entry: LedgerEntry): Ledger {
  const { file, entries, torn, tail } = ledger;
  const kept = torn ? Buffer.alloc(0) : tail;
  const added = Buffer.from(`${kept.length > 0 ? '\n' : ''}${ledgerLine(entry)}`);
  try {
    const descriptor = openSync(file, 'a');
    try {
      if (torn) ftruncateSync(descriptor, ledger.wholeBytes);
      writeFileSync(descriptor, added);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw unwritable(file, cause);
  }
  const wholeBytes = ledger.wholeBytes + kept.length + added.length;
  return { file, entries: [...entries, entry], torn: false, wholeBytes, tail: Buffer.alloc(0) };
}

/**
 * Whether the file is what was read. Whole lines never change, so what comes after them tells.
 *
 * @throws `ledger_damaged`, `file_unreadable`
 */
export function isUnchanged({ file, wholeBytes, tail }: Ledger): boolean {
  const content = readBytes(file);
  return content.length === wholeBytes + tail.length && content.subarray(wholeBytes).equals(tail);
}

/** An entry as it stands in the file. */
export function ledgerLine(entry: LedgerEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** Bytes, since a torn line may end within a character. */
function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') throw damaged(file, 1, { en: 'the file is missing', zh: '文件不存在' });
    throw new LicenseError('file_unreadable', { file, problem: reasonOf(cause) }, { cause });
  }
}

const NOT_OURS: Bilingual = { en: 'is no entry of ours', zh: '不是账本条目' };

function isProblem(entry: LedgerEntry | Bilingual): entry is Bilingual {
  return !('kind' in entry);
}

/** The entry, or what is wrong with the line. */
function parseEntry(line: string): LedgerEntry | Bilingual {
  try {
    const value: unknown = JSON.parse(line);
    return shapeProblem(LedgerEntry, value) === undefined ? (value as LedgerEntry) : NOT_OURS;
  } catch {
    return NOT_JSON;
  }
}

function damaged(file: string, line: number, problem: Bilingual): LicenseError {
  return new LicenseError('ledger_damaged', { file, line, problem });
}
