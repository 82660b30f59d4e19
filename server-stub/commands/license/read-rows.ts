import { readFileSync, statSync } from 'node:fs';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { reasonOf } from '#core/host/reason.ts';
import { type LicenseRow, parseLicenseRows } from '../../licensing/license-rows.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads a list of licenses: CSV in UTF-8.
 *
 * @throws `file_unreadable`; as parseLicenseRows
 */
export function readLicenseRows(file: string, needed: Parameters<typeof parseLicenseRows>[2]): LicenseRow[] {
  return parseLicenseRows(textOf(file), file, needed);
}

function textOf(file: string): string {
  const malformed = (problem: Bilingual) => new LicenseError('license_file_malformed', { file, problem });
  let bytes: Buffer;
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) {
      throw malformed({ en: `it is larger than ${MAX_BYTES} bytes`, zh: `超过 ${MAX_BYTES} 字节` });
    }
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof LicenseError) throw cause;
    throw new LicenseError('file_unreadable', { file, problem: reasonOf(cause) }, { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed({ en: 'it is not UTF-8', zh: '不是 UTF-8 编码' });
  }
}
