import { isoTime } from '../clock.ts';
import type { Checkpoint, CompanyReport, ReportRow, UsageReport } from '../documents/usage-report.ts';
import type { Language } from '../errors.ts';
import { type TableOptions, table } from '../host/table.ts';
import { describeLicense, describeValidity } from './describe-license.ts';
import { LICENSE_FIGURES, namesOf, SEAT_FIGURES, valuesOf } from './report-figures.ts';

/** A usage report as people read it: period, then company by company what was used of each PID by each App. */
export function describeReport(report: UsageReport, language: Language, options: TableOptions = {}): string {
  const { reportId, iss, iat, version, zone, fromDay, toDay, to, companies } = report;
  const words = WORDS[language];
  const facts = table([
    [words.report, reportId],
    [words.period, words.days(fromDay, toDay, zone)],
    ...(iat < to ? [['', words.preliminary(isoTime(iat))]] : []),
    [words.made, `${isoTime(iat)} (${version})`],
    [words.server, iss],
  ]);
  return [facts, ...companies.map((company) => describeCompany(company, language, options))].join('\n');
}

function describeCompany(company: CompanyReport, language: Language, options: TableOptions): string {
  const words = WORDS[language];
  const { opening, closing, head } = company.trail;
  const facts = table([
    [words.company, `${company.name} (CID ${company.cid})`],
    [words.opening, placeOf(opening)],
    [words.closing, placeOf(closing)],
    [words.head, placeOf(head)],
  ]);
  const products = company.products.flatMap((product) => {
    const rows = company.rows.filter(({ pid }) => pid === product.pid);
    if (rows.length === 0) return [];
    return `PID ${product.pid}  ${describeLicense(product, language)}\n${tablesOf(rows, company, language, options)}`;
  });
  const renewals = renewalsOf(company, language, options);
  return [facts, ...products, ...renewals, ...(company.rows.length === 0 ? [`${words.nothing}\n`] : [])].join(
    '\n',
  );
}

function tablesOf(
  rows: readonly ReportRow[],
  { apps }: CompanyReport,
  language: Language,
  options: TableOptions,
): string {
  const words = WORDS[language];
  const names = new Map(apps.map(({ appId, name }) => [appId, name]));
  const ownerOf = ({ appId }: ReportRow) =>
    appId === undefined ? words.shared : `${names.get(appId)} (${appId})`;
  const seats = rows.map((row) => [ownerOf(row), ...valuesOf(SEAT_FIGURES, row)]);
  const licenses = rows
    .filter(({ appId }) => appId !== undefined)
    .map((row) => [ownerOf(row), ...valuesOf(LICENSE_FIGURES, row)]);
  const tables = [table([[words.seats, ...namesOf(SEAT_FIGURES, language)], ...seats], options)];
  if (licenses.length > 0)
    tables.push(table([[words.licenses, ...namesOf(LICENSE_FIGURES, language)], ...licenses], options));
  return tables.join('\n');
}

function renewalsOf({ renewals }: CompanyReport, language: Language, options: TableOptions): string[] {
  if (renewals.length === 0) return [];
  const words = WORDS[language];
  const rows = renewals.map(({ renewId, pid, validity, opening, closing, granted, withdrawn, renewed }) => [
    renewId,
    pid,
    describeValidity(validity, language),
    opening.granted,
    granted,
    withdrawn,
    closing.granted,
    opening.used,
    renewed,
    closing.used,
  ]);
  return [table([words.renewals, ...rows], options)];
}

/** A place of the trail, its hash in full: people compare it with the one of another report. */
function placeOf({ seq, hash, at }: Checkpoint): string {
  return seq === 0 ? '#0' : `#${seq}  ${hash}  ${isoTime(at)}`;
}

const WORDS = {
  en: {
    report: 'Usage report',
    period: 'Period',
    days: (from: string, to: string, zone: string) => `${from} to ${to}, both inclusive (${zone})`,
    preliminary: (at: string) => `PRELIMINARY: the period was not over; figures up to ${at}`,
    made: 'Made',
    server: 'Server',
    company: 'Company',
    opening: 'Trail before it',
    closing: 'Trail at its end',
    head: 'Trail now',
    shared: 'shared by all Apps',
    seats: 'Seats of',
    licenses: 'Licenses of',
    renewals: [
      'renewId',
      'PID',
      'Validity',
      'Opening',
      'Granted',
      'Withdrawn',
      'Closing',
      'Opening used',
      'Renewed',
      'Closing used',
    ],
    nothing: 'Nothing was granted or used.',
  },
  zh: {
    report: '用量报告',
    period: '统计期',
    days: (from: string, to: string, zone: string) => `${from} 至 ${to}，含首尾两日（${zone}）`,
    preliminary: (at: string) => `初步报告：统计期尚未结束，数据截至 ${at}`,
    made: '生成时间',
    server: '服务器',
    company: '企业',
    opening: '期初审计点',
    closing: '期末审计点',
    head: '当前审计点',
    shared: '全部 App 共享',
    seats: '额度归属',
    licenses: '许可证归属',
    renewals: [
      'renewId',
      'PID',
      '有效期',
      '期初数量',
      '授权',
      '撤回',
      '期末数量',
      '期初已用',
      '续期',
      '期末已用',
    ],
    nothing: '没有授权，也没有使用。',
  },
};
