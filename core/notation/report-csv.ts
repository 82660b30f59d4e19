import type { RenewalRow, ReportRow, UsageReport } from '../documents/usage-report.ts';
import type { Language } from '../errors.ts';
import { printable } from '../host/printable.ts';
import { describeLicense, describeValidity } from './describe-license.ts';
import { LICENSE_FIGURES, namesOf, SEAT_FIGURES, valuesOf } from './report-figures.ts';

/** Excel takes a CSV for UTF-8 only where it begins with this. */
const BYTE_ORDER_MARK = '\ufeff';
/** What a spreadsheet would carry out: names are other people's words. Source: OWASP, "CSV Injection". */
const FORMULA = /^[=+\-@\t\r]/;

/** A usage report as CSV (RFC 4180, UTF-8 with a byte order mark): a line for each pool, App and renewId. */
export function reportCsv(report: UsageReport, language: Language): string {
  const figures = [...SEAT_FIGURES, ...LICENSE_FIGURES];
  const head = [...WORDS[language], ...namesOf(figures, language)];
  const lines = report.companies.flatMap((company) => {
    const common = [report.fromDay, report.toDay, report.zone, company.cid, company.name];
    const apps = new Map(company.apps.map(({ appId, name }) => [appId, name]));
    const products = new Map(company.products.map((product) => [product.pid, product]));
    const pools = company.rows.map((row) => {
      const product = products.get(row.pid);
      const what = product === undefined ? '' : describeLicense(product, language);
      const app = row.appId === undefined ? '' : (apps.get(row.appId) ?? '');
      return [...common, row.pid, what, row.appId ?? '', app, '', ...valuesOf(figures, row)];
    });
    const renewals = company.renewals.map((row) => {
      const what = describeValidity(row.validity, language);
      return [...common, row.pid, what, '', '', row.renewId, ...valuesOf(figures, asRow(row))];
    });
    return [...pools, ...renewals];
  });
  return BYTE_ORDER_MARK + [head, ...lines].map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

function cellOf(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = printable(FORMULA.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Renewals stand in the columns of seats. */
function asRow({ pid, opening, closing, granted, withdrawn, renewed }: RenewalRow): ReportRow {
  const stock = ({ granted: seats, used }: RenewalRow['opening']) => ({
    seats,
    used,
    licenses: 0,
    minutes: 0,
  });
  return { ...NOTHING, pid, opening: stock(opening), closing: stock(closing), granted, withdrawn, renewed };
}

const NOTHING = {
  allocated: 0,
  takenBack: 0,
  activated: 0,
  revived: 0,
  expired: 0,
  transferred: 0,
  released: 0,
  suspended: 0,
  resumed: 0,
  minutes: 0,
};

const WORDS: Readonly<Record<Language, readonly string[]>> = {
  en: ['From', 'To', 'Zone', 'CID', 'Company', 'PID', 'What', 'App ID', 'App', 'renewId'],
  zh: ['开始日期', '结束日期', '时区', 'CID', '企业', 'PID', '内容', 'App ID', 'App', 'renewId'],
};
