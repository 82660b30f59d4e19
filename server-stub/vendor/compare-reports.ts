import {
  type Checkpoint,
  type CompanyReport,
  MOST_EARLIER_REPORTS,
  type RenewalRow,
  type Stock,
  type UsageReport,
} from '#core/documents/usage-report.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';

/**
 * Holds a report against the one before it: same server, periods that adjoin, figures that go on where they stood,
 * and a trail that still holds the earlier report's place.
 *
 * @throws `report_discontinuous`
 */
export function compareReports(previous: UsageReport, report: UsageReport): void {
  const fail = (en: string, zh: string) => discontinuous(report.reportId, { en, zh });
  if (previous.iss !== report.iss)
    fail(`that one is of server ${previous.iss}`, `前者来自服务器 ${previous.iss}`);
  if (previous.iat < previous.to) fail('that one is preliminary', '前者为初步报告');
  if (previous.to !== report.from)
    fail(
      `that one ends with ${previous.toDay}, this one begins with ${report.fromDay}`,
      `前者止于 ${previous.toDay}，本报告始于 ${report.fromDay}`,
    );
  const earlier = new Map(previous.companies.map((company) => [company.cid, company]));
  for (const company of report.companies) {
    compareCompany(earlier.get(company.cid), company, (problem) =>
      fail(`company ${company.cid}: ${problem.en}`, `企业 ${company.cid}：${problem.zh}`),
    );
    earlier.delete(company.cid);
  }
  for (const cid of earlier.keys()) fail(`company ${cid} is in that one alone`, `企业 ${cid} 仅出现在前者中`);
}

/**
 * Whether a trail still holds the place of an earlier report. Of very many reports the oldest are not named any more.
 */
export function holdsReport(
  { head, reports }: CompanyReport['trail'],
  place: Pick<Checkpoint, 'seq' | 'hash'>,
): boolean {
  const named = [head, ...reports].find(({ seq }) => seq === place.seq);
  if (named !== undefined) return named.hash === place.hash;
  const isFull = reports.length >= MOST_EARLIER_REPORTS;
  return place.seq > head.seq || (isFull && place.seq < (reports.at(-1)?.seq ?? 0));
}

function compareCompany(
  previous: CompanyReport | undefined,
  company: CompanyReport,
  fail: (problem: Bilingual) => void,
): void {
  const { opening, head } = company.trail;
  if (
    previous !== undefined &&
    (previous.trail.head.seq >= head.seq || !holdsReport(company.trail, previous.trail.head))
  )
    fail({
      en: 'its audit trail does not hold that report any more',
      zh: '其审计记录中已没有前者的位置',
    });
  const closing = previous?.trail.closing ?? { seq: 0, hash: opening.hash };
  if (opening.seq !== closing.seq || opening.hash !== closing.hash)
    fail({
      en: `its audit trail begins at row ${opening.seq}, not where that one ended, at row ${closing.seq}`,
      zh: `其审计记录始于第 ${opening.seq} 条，而非前者结束处第 ${closing.seq} 条`,
    });
  compareStocks(stocksOf(previous?.rows ?? [], 'closing'), stocksOf(company.rows, 'opening'), fail);
  compareStocks(
    renewalStocksOf(previous?.renewals ?? [], 'closing'),
    renewalStocksOf(company.renewals, 'opening'),
    fail,
  );
}

type Stocks = ReadonlyMap<string, Readonly<Record<string, number>>>;

function stocksOf(rows: CompanyReport['rows'], side: 'opening' | 'closing'): Map<string, Stock> {
  return new Map(rows.map((row) => [`PID ${row.pid}${row.appId ? ` App ${row.appId}` : ''}`, row[side]]));
}

function renewalStocksOf(
  rows: CompanyReport['renewals'],
  side: 'opening' | 'closing',
): Map<string, RenewalRow['opening']> {
  return new Map(rows.map((row) => [`renewId ${row.renewId}`, row[side]]));
}

/** What is left out in one of them was nothing. */
function compareStocks(closing: Stocks, opening: Stocks, fail: (problem: Bilingual) => void): void {
  for (const owner of new Set([...closing.keys(), ...opening.keys()])) {
    const [ended, begins] = [closing.get(owner) ?? {}, opening.get(owner) ?? {}];
    for (const name of new Set([...Object.keys(ended), ...Object.keys(begins)])) {
      const [was, is] = [ended[name] ?? 0, begins[name] ?? 0];
      if (was !== is)
        fail({
          en: `${owner}: ${name} ended with ${was} and begins with ${is}`,
          zh: `${owner}：${name} 期末为 ${was}，而本期期初为 ${is}`,
        });
    }
  }
}

function discontinuous(reportId: string, problem: Bilingual): never {
  throw new LicenseError('report_discontinuous', { reportId, problem });
}
