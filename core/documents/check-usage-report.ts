import { derivePid, deriveRenewId } from '../catalog.ts';
import { type Bilingual, LicenseError } from '../errors.ts';
import type { CompanyReport, RenewalRow, ReportRow, UsageReport } from './usage-report.ts';

/**
 * Holds a report against itself: nobody stands in it twice, PIDs and renewIds follow from their parts, and what was
 * there, came and went gives what is there, and no more was used than the vendor granted.
 *
 * @throws `report_contradictory`
 */
export function checkUsageReport(report: UsageReport): void {
  const { reportId, from, to, fromDay, toDay, companies } = report;
  const demand: Demand = (condition, en, zh) => {
    if (!condition) contradictory(reportId, { en, zh });
  };
  demand(from < to && fromDay <= toDay, 'its period ends before it begins', '统计期的结束早于开始');
  once(companies, ({ cid }) => cid, demand);
  for (const company of companies) {
    const inCompany: Demand = (condition, en, zh) =>
      demand(condition, `company ${company.cid}: ${en}`, `企业 ${company.cid}：${zh}`);
    checkNames(company, inCompany);
    checkTrail(company, report, inCompany);
    checkSeats(company, inCompany);
    checkRenewals(company, inCompany);
  }
}

type Demand = (condition: boolean, en: string, zh: string) => void;

function checkNames({ apps, products, grants, rows, renewals }: CompanyReport, demand: Demand): void {
  once(apps, ({ appId }) => appId, demand);
  once(products, ({ pid }) => pid, demand);
  once(grants, ({ grantId }) => grantId, demand);
  once(rows, ({ pid, appId = '' }) => `${pid} ${appId}`.trim(), demand);
  once(renewals, ({ renewId }) => renewId, demand);
  const [knownApps, knownPids] = [
    new Set(apps.map(({ appId }) => appId)),
    new Set(products.map(({ pid }) => pid)),
  ];
  for (const { pid, sku, validity, category } of products) {
    demand(
      derivePid(sku, validity, category) === pid,
      `PID ${pid} does not follow from its parts`,
      `PID ${pid} 与其内容不符`,
    );
  }
  for (const { renewId, pid, validity } of renewals) {
    demand(
      deriveRenewId(pid, validity) === renewId,
      `renewId ${renewId} does not follow from its parts`,
      `renewId ${renewId} 与其内容不符`,
    );
  }
  for (const { pid, appId } of rows) {
    demand(knownPids.has(pid), `PID ${pid} is not described`, `缺少 PID ${pid} 的说明`);
    demand(
      appId === undefined || knownApps.has(appId),
      `App ${appId} is not described`,
      `缺少 App ${appId} 的说明`,
    );
  }
}

/** The checkpoints lie in the order of the trail; an earlier report was made before this one. */
function checkTrail({ trail }: CompanyReport, { iat }: UsageReport, demand: Demand): void {
  const { opening, closing, head, reports } = trail;
  const ordered =
    opening.seq <= closing.seq &&
    closing.seq < head.seq &&
    iat <= head.at &&
    reports.every(({ seq }, index) => seq < (reports[index - 1]?.seq ?? head.seq));
  demand(ordered, 'its checkpoints are out of order', '审计检查点次序有误');
}

const sum = <Row>(rows: readonly Row[], amount: (row: Row) => number): number =>
  rows.reduce((total, row) => total + amount(row), 0);

function checkSeats({ rows }: CompanyReport, demand: Demand): void {
  for (const [pid, pools] of Map.groupBy(rows, (row) => row.pid)) {
    const apps = pools.filter(({ appId }) => appId !== undefined);
    const lent = sum(apps, ({ allocated, takenBack }) => allocated - takenBack);
    for (const row of pools) {
      const name: Bilingual =
        row.appId === undefined
          ? { en: `PID ${pid}, shared`, zh: `PID ${pid}（共享）` }
          : { en: `PID ${pid}, App ${row.appId}`, zh: `PID ${pid}，App ${row.appId}` };
      const adds = (what: Bilingual, opening: number, change: number, closing: number) =>
        demand(
          opening + change === closing,
          `${name.en}: ${what.en} ${opening} and a change of ${change} do not give ${closing}`,
          `${name.zh}：${what.zh} ${opening} 加变动 ${change} 不等于 ${closing}`,
        );
      const { opening, closing } = row;
      const moved = row.appId === undefined ? -lent : row.allocated - row.takenBack;
      adds(SEATS, opening.seats, row.granted - row.withdrawn + moved, closing.seats);
      adds(LICENSES, opening.licenses, row.activated + row.revived - row.expired, closing.licenses);
      adds(MINUTES, opening.minutes, row.minutes, closing.minutes);
      demand(opening.used <= closing.used, `${name.en}: seats became unused`, `${name.zh}：已用额度减少`);
      demand(
        row.appId !== undefined || isPool(row),
        `${name.en}: the shared pool has licenses`,
        `${name.zh}：共享额度中出现许可证`,
      );
    }
    // An App also drains the shared pool, so that only the pools of a PID together bound what is used of it.
    for (const moment of ['opening', 'closing'] as const) {
      const [seats, taken] = [sum(pools, (row) => row[moment].seats), sum(pools, (row) => row[moment].used)];
      demand(
        taken <= seats,
        `PID ${pid}: ${taken} seats were used of ${seats}`,
        `PID ${pid}：${seats} 个额度被使用了 ${taken} 个`,
      );
    }
    const used = sum(pools, ({ opening, closing }) => closing.used - opening.used);
    const activated = sum(pools, (row) => row.activated);
    demand(
      used === activated,
      `PID ${pid}: ${activated} activations used ${used} seats`,
      `PID ${pid}：${activated} 次激活使用了 ${used} 个额度`,
    );
  }
}

const SEATS: Bilingual = { en: 'seats', zh: '额度' };
const LICENSES: Bilingual = { en: 'licenses', zh: '许可证数' };
const MINUTES: Bilingual = { en: 'minutes', zh: '分钟数' };

/** Licenses are of Apps: the shared pool only has seats. */
function isPool(row: ReportRow): boolean {
  const { allocated, takenBack, activated, renewed, revived, expired } = row;
  const { transferred, released, suspended, resumed, minutes, opening, closing } = row;
  const ofLicenses = [activated, renewed, revived, expired, transferred, released, suspended, resumed];
  return [...ofLicenses, allocated, takenBack, minutes, opening.licenses, closing.licenses].every(
    (amount) => amount === 0,
  );
}

function checkRenewals({ rows, renewals }: CompanyReport, demand: Demand): void {
  for (const row of renewals) {
    const { renewId, opening, closing, granted, withdrawn, renewed } = row;
    demand(
      opening.granted + granted - withdrawn === closing.granted && opening.used + renewed === closing.used,
      `renewId ${renewId}: opening and change do not give closing`,
      `renewId ${renewId}：期初加变动不等于期末`,
    );
    for (const stock of [opening, closing]) {
      demand(
        stock.used <= stock.granted,
        `renewId ${renewId}: ${stock.used} renewals were used of ${stock.granted}`,
        `renewId ${renewId}：${stock.granted} 个续期额度被使用了 ${stock.used} 个`,
      );
    }
  }
  const pids = new Set([...rows, ...renewals].map(({ pid }) => pid));
  for (const pid of pids) {
    const renewedOf = (list: readonly (ReportRow | RenewalRow)[]) =>
      sum(
        list.filter((row) => row.pid === pid),
        ({ renewed }) => renewed,
      );
    const [licenses, used] = [renewedOf(rows), renewedOf(renewals)];
    demand(
      licenses === used,
      `PID ${pid}: ${licenses} licenses were renewed by ${used} renewals`,
      `PID ${pid}：${licenses} 次续期使用了 ${used} 个续期额度`,
    );
  }
}

function once<Item>(items: readonly Item[], nameOf: (item: Item) => string, demand: Demand): void {
  const seen = new Set<string>();
  for (const item of items) {
    const name = nameOf(item);
    demand(!seen.has(name), `${name} stands twice`, `${name} 重复出现`);
    seen.add(name);
  }
}

function contradictory(reportId: string, problem: Bilingual): never {
  throw new LicenseError('report_contradictory', { reportId, problem });
}
