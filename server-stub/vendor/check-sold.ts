import type { CompanyReport, UsageReport } from '#core/documents/usage-report.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { holdsReport } from './compare-reports.ts';
import type { GrantEntry, LedgerEntry } from './ledger-entry.ts';

/**
 * Holds a report against the vendor's own ledger: it tells of just the seats and renewals that were sold, and its
 * trail holds the place of every report that was seen before.
 *
 * @throws `report_not_as_sold`, `report_discontinuous`
 */
export function checkSold(report: UsageReport, entries: readonly LedgerEntry[]): void {
  const grants = new Map(
    entries.flatMap((entry) => (entry.kind === 'grant' ? [[entry.grantId, entry] as const] : [])),
  );
  for (const company of report.companies) {
    checkGrants(report, company, grants);
    checkEarlier(report, company, entries);
  }
}

function checkGrants(
  { reportId, iss }: UsageReport,
  { cid, grants, rows, renewals }: CompanyReport,
  known: ReadonlyMap<string, GrantEntry>,
): void {
  const sold = { purchase: new Map<string, number>(), renewal: new Map<string, number>() };
  for (const { grantId, replacedBy } of grants) {
    const grant = known.get(grantId);
    if (grant?.serverId !== iss || grant.cid !== cid)
      notAsSold(reportId, cid, {
        en: `grant ${grantId} is not in the ledger`,
        zh: `签发账本中没有授权 ${grantId}`,
      });
    if (replacedBy !== undefined) continue;
    for (const { kind, pid, count } of grant.terms) sold[kind].set(pid, (sold[kind].get(pid) ?? 0) + count);
  }
  const told = {
    purchase: sumByPid(rows, ({ closing }) => closing.seats),
    renewal: sumByPid(renewals, ({ closing }) => closing.granted),
  };
  for (const kind of ['purchase', 'renewal'] as const) {
    for (const pid of new Set([...sold[kind].keys(), ...told[kind].keys()])) {
      const [ours, theirs] = [sold[kind].get(pid) ?? 0, told[kind].get(pid) ?? 0];
      if (ours === theirs) continue;
      const { en, zh } = NAMES[kind];
      notAsSold(reportId, cid, {
        en: `${theirs} ${en} of PID ${pid}, while its grants say ${ours}`,
        zh: `PID ${pid} 的${zh}为 ${theirs}，而其授权为 ${ours}`,
      });
    }
  }
}

const NAMES = {
  purchase: { en: 'seats', zh: '额度' },
  renewal: { en: 'renewals', zh: '续期数量' },
};

function sumByPid<Row extends { readonly pid: string }>(
  rows: readonly Row[],
  amount: (row: Row) => number,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(row.pid, (sums.get(row.pid) ?? 0) + amount(row));
  return sums;
}

/** Reports that were seen before: a trail that lost or changed the place of one was rewritten, or restored. */
function checkEarlier(
  { reportId, iss }: UsageReport,
  { cid, trail }: CompanyReport,
  entries: readonly LedgerEntry[],
): void {
  for (const entry of entries) {
    if (entry.kind !== 'report' || entry.serverId !== iss) continue;
    const place = entry.companies.find((company) => company.cid === cid);
    if (place === undefined || holdsReport(trail, place)) continue;
    const problem = {
      en: `company ${cid}: its audit trail does not hold report ${entry.reportId} any more, row ${place.seq}`,
      zh: `企业 ${cid}：其审计记录中已没有报告 ${entry.reportId} 的位置（第 ${place.seq} 条）`,
    };
    throw new LicenseError('report_discontinuous', { reportId, problem });
  }
}

function notAsSold(reportId: string, cid: string, problem: Bilingual): never {
  throw new LicenseError('report_not_as_sold', { reportId, cid, problem });
}
