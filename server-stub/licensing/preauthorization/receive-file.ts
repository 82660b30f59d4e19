import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { codeOf } from '#core/host/reason.ts';
import { FileImpression, type WholeProblem } from './file-impression.ts';
import { LicenseKeyLines } from './license-key-lines.ts';

/** A line of a file that is no LicenseKey. */
export interface LineProblem {
  readonly line: number;
  readonly problem: Bilingual;
}

/** A file of LicenseKeys as it arrived, whole and durable. */
export interface ReceivedFile {
  /** SHA-256 of its bytes, hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly licenseKeys: number;
  readonly invalid: number;
  /** The first of the invalid lines. */
  readonly problems: readonly LineProblem[];
  readonly wholeProblem?: WholeProblem | undefined;
  readonly warnings: readonly Bilingual[];
}

export interface ReceiveOptions {
  readonly maxBytes: number;
  readonly ended?: AbortSignal;
}

/** How many lines are named; of the others the number is told. */
export const NAMED_LINES = 20;

/**
 * Receives a file of LicenseKeys: written as it comes, looked through as it comes, synced at its end. Whatever fails,
 * nothing of it is left.
 *
 * @throws `payload_too_large`, `store_full`, `upload_pending` where the server ends; what the source throws
 */
export async function receiveFile(
  source: AsyncIterable<Buffer>,
  file: string,
  { maxBytes, ended }: ReceiveOptions,
): Promise<ReceivedFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'wx', 0o600);
    const received = await takeIn(source, handle, { maxBytes, ...(ended && { ended }) });
    await handle.sync();
    await handle.close();
    await syncFolder(file);
    return received;
  } catch (cause) {
    await handle?.close().catch(() => {});
    await rm(file, { force: true });
    if (['ENOSPC', 'EDQUOT'].includes(codeOf(cause) ?? ''))
      throw new LicenseError('store_full', {}, { cause });
    throw cause;
  }
}

async function takeIn(
  source: AsyncIterable<Buffer>,
  handle: FileHandle,
  { maxBytes, ended }: ReceiveOptions,
): Promise<ReceivedFile> {
  const hash = createHash('sha256');
  const lines = new LicenseKeyLines();
  const impression = new FileImpression();
  const problems: LineProblem[] = [];
  let [bytes, licenseKeys, invalid] = [0, 0, 0];
  const look = (found: ReturnType<LicenseKeyLines['push']>) => {
    for (const line of found) {
      impression.seeLine(line);
      const { number, problem } = line;
      if (problem === undefined) licenseKeys += 1;
      else {
        invalid += 1;
        if (problems.length < NAMED_LINES) problems.push({ line: number, problem });
      }
    }
  };
  for await (const chunk of source) {
    if (ended?.aborted) throw new LicenseError('upload_pending');
    bytes += chunk.length;
    if (bytes > maxBytes) throw new LicenseError('payload_too_large');
    hash.update(chunk);
    impression.see(chunk);
    look(lines.push(chunk));
    await handle.appendFile(chunk);
  }
  look(lines.end());
  const { wholeProblem, warnings } = impression;
  return { sha256: hash.digest('hex'), bytes, licenseKeys, invalid, problems, wholeProblem, warnings };
}

/**
 * Says whether a file may go in: all its lines are LicenseKeys, or the caller wants those that are and there are some.
 *
 * @throws `upload_invalid`, `parameter_invalid` where nothing is in it
 */
export function requireGood(
  { licenseKeys, invalid, problems, wholeProblem }: ReceivedFile,
  partial: boolean,
): void {
  if (licenseKeys + invalid === 0) {
    const problem = { en: 'holds no LicenseKey', zh: '不含任何 LicenseKey' };
    throw new LicenseError('parameter_invalid', { name: 'file', problem });
  }
  if (invalid === 0) return;
  if (partial && licenseKeys > 0 && wholeProblem?.isForeign !== true) return;
  if (wholeProblem !== undefined)
    throw new LicenseError('upload_invalid', { invalid, problem: wholeProblem.problem });
  const more = invalid - problems.length;
  const problem = {
    en: `${problems.map(({ line, problem: { en } }) => `line ${line} ${en}`).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    zh: `${problems.map(({ line, problem: { zh } }) => `第 ${line} 行${zh}`).join('；')}${more > 0 ? `；另有 ${more} 行` : ''}`,
  };
  throw new LicenseError('upload_invalid', { invalid, problem });
}

async function syncFolder(file: string): Promise<void> {
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
