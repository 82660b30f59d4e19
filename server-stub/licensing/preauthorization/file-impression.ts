import type { Bilingual } from '#core/errors.ts';
import { type Line, NOT_UTF8 } from './license-key-lines.ts';

/** What is wrong with a file as a whole, where its lines do not tell. */
export interface WholeProblem {
  readonly problem: Bilingual;
  /** What looks like a LicenseKey in it is none: not even a part of it may go in. */
  readonly isForeign: boolean;
}

/** Looked at for the kind of a file, in bytes. */
const HEAD_BYTES = 1024;

/** What a file looks like as a whole, gathered while it comes: people save lists from Excel and in encodings of their own. */
export class FileImpression {
  #head = Buffer.alloc(0);
  #lines = 0;
  #notUtf8 = 0;
  #tabular = 0;
  #hasHeader = false;

  see(chunk: Buffer): void {
    const room = HEAD_BYTES - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
  }

  seeLine({ licenseKey, problem }: Line): void {
    this.#lines += 1;
    if (problem === NOT_UTF8) this.#notUtf8 += 1;
    if (licenseKey === undefined) return;
    if (this.#lines === 1) this.#hasHeader = HEADER.test(licenseKey);
    if (licenseKey.includes(',') || (licenseKey.startsWith('"') && licenseKey.endsWith('"')))
      this.#tabular += 1;
  }

  get wholeProblem(): WholeProblem | undefined {
    if (this.#head.subarray(0, ZIP.length).equals(ZIP)) return { problem: PROBLEMS.zip, isForeign: true };
    if (isUtf16(this.#head)) return { problem: PROBLEMS.utf16, isForeign: true };
    if (this.#notUtf8 * 2 > this.#lines) return { problem: PROBLEMS.notUtf8, isForeign: false };
    return undefined;
  }

  /** What its author may not have meant; every line is a LicenseKey as it stands. */
  get warnings(): readonly Bilingual[] {
    return [
      ...(this.#hasHeader ? [WARNINGS.header] : []),
      ...(this.#tabular * 2 > this.#lines ? [WARNINGS.tabular] : []),
    ];
  }
}

/** Excel's files are ZIP archives. */
const ZIP = Buffer.from('PK\x03\x04', 'latin1');
const HEADER = /^"?license[ _-]?keys?"?(,|$)/i;

/** By its byte order mark, or because every second byte is NUL, as ASCII has it. */
function isUtf16(head: Buffer): boolean {
  const mark = head.length >= 2 ? head.readUInt16BE() : 0;
  if (mark === 0xfffe || mark === 0xfeff) return true;
  const nuls: [even: number, odd: number] = [0, 0];
  for (const [index, byte] of head.entries()) if (byte === 0) nuls[index % 2 === 0 ? 0 : 1] += 1;
  const pairs = Math.floor(head.length / 2);
  return pairs >= 2 && Math.max(...nuls) > pairs * 0.7 && Math.min(...nuls) < pairs * 0.1;
}

const PROBLEMS = {
  zip: {
    en: 'the file is an Excel workbook or a ZIP archive; save the LicenseKeys as a UTF-8 text file with one LicenseKey per line',
    zh: '该文件是 Excel 工作簿或 ZIP 压缩包，请另存为 UTF-8 文本文件，每行一个 LicenseKey',
  },
  utf16: {
    en: 'the file is UTF-16; save it as UTF-8 text with one LicenseKey per line',
    zh: '该文件为 UTF-16 编码，请另存为 UTF-8 文本文件，每行一个 LicenseKey',
  },
  notUtf8: {
    en: 'the file is not UTF-8 (it may be GBK); save it as UTF-8 text with one LicenseKey per line',
    zh: '该文件不是 UTF-8 编码（可能为 GBK），请另存为 UTF-8 文本文件，每行一个 LicenseKey',
  },
} as const satisfies Record<string, Bilingual>;

const WARNINGS = {
  header: {
    en: 'the first line looks like a column title; it was taken as a LicenseKey like any other line',
    zh: '第一行看似列标题，已与其他各行一样作为 LicenseKey 处理',
  },
  tabular: {
    en: 'most lines look like CSV; commas and quotation marks were taken as part of the LicenseKey',
    zh: '多数行看似 CSV 格式，逗号与引号已作为 LicenseKey 的一部分处理',
  },
} as const satisfies Record<string, Bilingual>;
