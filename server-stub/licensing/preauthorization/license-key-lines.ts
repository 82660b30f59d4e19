import { isUtf8 } from 'node:buffer';
import type { Bilingual } from '#core/errors.ts';
import { isLicenseKey, LICENSE_KEY_MAX_BYTES } from '#core/ids.ts';

/** One line of a file of LicenseKeys that is not blank: a LicenseKey, or what is wrong with it. */
export type Line = { readonly number: number; readonly end: number } & (
  | { readonly licenseKey: string; readonly problem?: undefined }
  | { readonly licenseKey?: undefined; readonly problem: Bilingual }
);

/** Where reading begins: in the middle of a file where rows are in already. */
export interface Place {
  /** Byte after the lines read so far. */
  readonly position: number;
  /** Lines read so far. */
  readonly line: number;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** Kept of a line that goes on in the next chunk; what is longer is no LicenseKey, whatever it holds. */
const KEPT = LICENSE_KEY_MAX_BYTES + 8;

/**
 * Takes a text of one LicenseKey per line apart, chunk by chunk: UTF-8, with or without a byte order mark, lines
 * ended by LF or CRLF, blank lines skipped. Memory is bounded whatever comes. Source: contract, Rules "Upload".
 */
export class LicenseKeyLines {
  #position: number;
  #number: number;
  /** The beginning of an unfinished line, and its whole length. */
  #tail = Buffer.alloc(0);
  #tailBytes = 0;

  constructor({ position, line }: Place = { position: 0, line: 0 }) {
    this.#position = position;
    this.#number = line;
  }

  *push(chunk: Buffer): Generator<Line> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      const line =
        this.#tailBytes === 0
          ? this.#read(chunk, start, end, 1)
          : this.#finish(chunk.subarray(start, end), 1);
      if (line !== undefined) yield line;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line, where no newline ended it. */
  *end(): Generator<Line> {
    if (this.#tailBytes === 0) return;
    const line = this.#finish(Buffer.alloc(0), 0);
    if (line !== undefined) yield line;
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0) return;
    const room = KEPT - this.#tail.length;
    if (room > 0) this.#tail = Buffer.concat([this.#tail, rest.subarray(0, room)]);
    this.#tailBytes += rest.length;
  }

  #finish(rest: Buffer, newline: number): Line | undefined {
    this.#keep(rest);
    const [tail, bytes] = [this.#tail, this.#tailBytes];
    this.#tail = Buffer.alloc(0);
    this.#tailBytes = 0;
    return this.#read(tail, 0, tail.length, bytes - tail.length + newline);
  }

  /** @param more bytes of the line that are not in the buffer, its newline among them */
  #read(buffer: Buffer, start: number, end: number, more: number): Line | undefined {
    this.#position += end - start + more;
    this.#number += 1;
    const place = { number: this.#number, end: this.#position };
    const from = this.#number === 1 && startsWith(buffer, start, BYTE_ORDER_MARK) ? start + 3 : start;
    const to = end > from && buffer[end - 1] === RETURN ? end - 1 : end;
    if (this.#number === 1 && UTF_16.some((mark) => startsWith(buffer, start, mark)))
      return { ...place, problem: PROBLEMS.utf16 };
    if (to - from > LICENSE_KEY_MAX_BYTES) return { ...place, problem: PROBLEMS.long };
    const text = buffer.toString('utf8', from, to);
    // Decoding puts this sign in the place of what is no UTF-8; it may also stand there by right.
    if (text.includes('\ufffd') && !isUtf8(buffer.subarray(from, to))) return { ...place, problem: NOT_UTF8 };
    if (isLicenseKey(text)) return { ...place, licenseKey: text };
    const problem = problemOf(text);
    return problem && { ...place, problem };
  }
}

/** What keeps a text from being a LicenseKey; a blank one is passed over. */
function problemOf(text: string): Bilingual | undefined {
  if (/^[ \t]*$/.test(text)) return undefined;
  if (text.includes('\0')) return PROBLEMS.nul;
  return text.trim() === text ? PROBLEMS.unprintable : PROBLEMS.space;
}

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const UTF_16 = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

function startsWith(buffer: Buffer, start: number, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => buffer[start + index] === byte);
}

/** One object, so that a line can be told by it. */
export const NOT_UTF8: Bilingual = { en: 'is not UTF-8', zh: '不是 UTF-8' };

const PROBLEMS = {
  utf16: { en: 'is UTF-16; save the file as UTF-8', zh: '为 UTF-16 编码，请将文件另存为 UTF-8' },
  long: {
    en: `is longer than ${LICENSE_KEY_MAX_BYTES} bytes`,
    zh: `超过 ${LICENSE_KEY_MAX_BYTES} 字节`,
  },
  nul: { en: 'holds a NUL byte', zh: '含有 NUL 字节' },
  space: { en: 'has space around it', zh: '首尾有空格' },
  unprintable: { en: 'holds unprintable characters', zh: '含有不可打印字符' },
} as const satisfies Record<string, Bilingual>;
