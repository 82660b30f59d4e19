import { CsvError, parse } from 'csv-parse/sync';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { asQuoted } from '#core/host/reason.ts';
import { unguarded } from '../csv.ts';

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
const MAX_ROW_BYTES = 16 * 1024;

const COLUMNS = ['license', 'toLicenseKey', 'label', 'group'] as const;
export type RowColumn = (typeof COLUMNS)[number];

/**
 * The rows of a list of licenses: CSV, its first row the names of its columns; those that are not ours are left
 * alone, so that a list as `license list --csv` writes it can be given back.
 *
 * @param file its name, for the message
 * @param needed columns that must be there; of several in one place any will do
 * @throws `license_file_malformed`
 */
export function parseLicenseRows(
  text: string,
  file: string,
  needed: readonly (readonly RowColumn[])[],
): LicenseRow[] {
  const malformed = (problem: Bilingual) => new LicenseError('license_file_malformed', { file, problem });
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
    const cell = (column: RowColumn): string | undefined => {
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
