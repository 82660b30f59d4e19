import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import { NOT_JSON, shapeProblem } from '#core/shapes.ts';
import { LedgerEntry } from './ledger-entry.ts';

/** The vendor's record of everything signed, as it stood when read. */
export interface Ledger {
  readonly file: string;
  readonly entries: readonly LedgerEntry[];
  /** A crash cut the last line short; the document it was to record never left. */
  readonly torn: boolean;
  /** Bytes that are whole lines, and bytes in all. */
  readonly wholeBytes: number;
  readonly bytes: number;
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
  return { file, entries, torn, wholeBytes, bytes: content.length };
}

/**
 * Adds an entry to the ledger that was read, durably; a torn last line is cut off first. Call it before the
 * document leaves: a serial that was recorded and not used is harmless, the reverse is not.
 *
 * @throws `store_busy` where another run wrote in the meantime, since what was decided on may no longer hold;
 * `store_full`, `file_unwritable`
 */
export function appendToLedger(ledger: Ledger, entry: LedgerEntry): void {
  const { file, bytes, wholeBytes, torn } = ledger;
  try {
    const descriptor = openSync(file, 'a');
    try {
      requireSize(descriptor, ledger, bytes);
      if (torn) ftruncateSync(descriptor, wholeBytes);
      const start = torn ? wholeBytes : bytes;
      const line = Buffer.from(`${start === wholeBytes ? '' : '\n'}${ledgerLine(entry)}`);
      writeFileSync(descriptor, line);
      fsyncSync(descriptor);
      // Of two runs that wrote at once, at least the later sees the other here, and its document never leaves.
      requireSize(descriptor, ledger, start + line.length);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (cause instanceof LicenseError) throw cause;
    throw codeOf(cause) === 'ENOSPC'
      ? new LicenseError('store_full', {}, { cause })
      : new LicenseError('file_unwritable', { file, problem: reasonOf(cause) }, { cause });
  }
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

function requireSize(descriptor: number, { file }: Ledger, bytes: number): void {
  if (fstatSync(descriptor).size !== bytes) throw new LicenseError('store_busy', { file });
}

function damaged(file: string, line: number, problem: Bilingual): LicenseError {
  return new LicenseError('ledger_damaged', { file, line, problem });
}
