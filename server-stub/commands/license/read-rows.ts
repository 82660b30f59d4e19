import { readFileSync, statSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { asQuoted, reasonOf } from '#core/host/reason.ts';
import { unguarded } from '../../csv.ts';

/** One license that shall change, as a person named it. */
export interface LicenseRow {
  /** Line of the file it stands in. */
  readonly line?: number;
  /** License value or LicenseKey. */
  readonly name: string;
  readonly toLicenseKey: string;
  readonly renewId?: string | undefined;
  readonly label?: string | undefined;
  readonly group?: string | undefined;
}

/** Rows of one list at most. */
const MAX_ROWS = 100_000;
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ROW_BYTES = 16 * 1024;

const COLUMNS = ['license', 'toLicenseKey', 'label', 'group'] as const;
type Column = (typeof COLUMNS)[number];

/**
 * Reads a list of licenses: CSV in UTF-8, its first row the names of its columns; those that are not ours are left
 * alone, so that a list as `license list --csv` writes it can be given back.
 *
 * @param needed columns that must be there; of several in one place any will do
 * @throws `file_unreadable`, `license_file_malformed`
 */
export function readLicenseRows(file: string, needed: readonly (readonly Column[])[]): LicenseRow[] {
  const malformed = (problem: Bilingual) => new LicenseError('license_file_malformed', { file, problem });
  const text = textOf(file, malformed);
  requireCommas(text, malformed);
  const records = parseRecords(text, malformed);
  const [header, ...rows] = records;
  const names = header?.record ?? [];
  const index = new Map(COLUMNS.map((column) => [column, names.indexOf(column)]));
  for (const choice of [['license'] as const, ...needed]) {
    if (choice.some((column) => (index.get(column) ?? -1) >= 0)) continue;
    throw malformed({
      en: `column ${choice.join(' or ')} is missing`,
      zh: `缺少列 ${choice.join(' 或 ')}`,
    });
  }
  const twice = COLUMNS.find((column) => names.indexOf(column) !== names.lastIndexOf(column));
  if (twice !== undefined)
    throw malformed({ en: `column ${twice} stands twice`, zh: `列 ${twice} 出现两次` });
  if (rows.length === 0) throw malformed({ en: 'it has no rows', zh: '没有数据行' });
  return rows.map(({ record, line }) => {
    const cell = (column: Column): string | undefined => {
      const text = record[index.get(column) ?? -1];
      return text === undefined ? undefined : unguarded(text);
    };
    const name = cell('license') ?? '';
    if (name === '')
      throw malformed({ en: `line ${line} names no license`, zh: `第 ${line} 行没有 license` });
    const wrong = COLUMNS.find((column) => /\p{Cc}/u.test(cell(column) ?? ''));
    if (wrong !== undefined)
      throw malformed({
        en: `line ${line}: ${wrong} holds control characters`,
        zh: `第 ${line} 行：${wrong} 含有控制字符`,
      });
    return {
      line,
      name,
      toLicenseKey: cell('toLicenseKey') ?? '',
      label: cell('label'),
      group: cell('group'),
    };
  });
}

function textOf(file: string, malformed: (problem: Bilingual) => LicenseError): string {
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

/** What else stands between the columns, where a spreadsheet or a person took something else than commas. */
const SEPARATORS = [
  { mark: ';', en: 'semicolons', zh: '分号' },
  { mark: '\t', en: 'tabs', zh: '制表符' },
  { mark: '，', en: 'Chinese commas', zh: '中文逗号' },
];

function requireCommas(text: string, malformed: (problem: Bilingual) => LicenseError): void {
  const [header = ''] = text.split(/[\r\n]/, 1);
  const other = SEPARATORS.find(({ mark }) => header.includes(mark));
  if (header.includes(',') || other === undefined) return;
  throw malformed({
    en: `its columns are separated by ${other.en}, not by commas`,
    zh: `列以${other.zh}分隔，应使用英文逗号`,
  });
}

function parseRecords(
  text: string,
  malformed: (problem: Bilingual) => LicenseError,
): { record: string[]; line: number }[] {
  try {
    const parsed = parse(text, {
      info: true,
      skip_empty_lines: true,
      max_record_size: MAX_ROW_BYTES,
      // One more is the header, and one more tells that there are too many.
      to: MAX_ROWS + 2,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    if (parsed.length > MAX_ROWS + 1)
      throw malformed({ en: `it has more than ${MAX_ROWS} rows`, zh: `超过 ${MAX_ROWS} 行` });
    return parsed.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const { en, zh } = asQuoted(cause.message);
    throw malformed({ en: `it is not CSV: ${en}`, zh: `不是有效的 CSV：${zh}` });
  }
}
