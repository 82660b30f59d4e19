import type { CompanyReport, ReportRow } from '#core/documents/usage-report.ts';
import { type CreatedReport, createReport } from '../../server-stub/licensing/report/create-report.ts';
import type { TestServer } from './server.ts';

export interface ReportOptions {
  fromDay?: string;
  toDay?: string;
  zone?: string;
  cid?: string;
}

/** A report as `license-server report` makes it, in the server's own process; March 2026 by default. */
export function makeReport(
  server: TestServer,
  { fromDay = '2026-03-01', toDay = '2026-03-31', zone = 'UTC', cid }: ReportOptions = {},
): Promise<CreatedReport> {
  const { serverId, serverKey: key, root } = server.world;
  const wish = { fromDay, toDay, zone, cid, actor: 'operator:test' };
  return createReport(server.store, { serverId, key }, [root], wish, server.clock.now());
}

/** What a report says of one company. */
export function companyOf({ report }: CreatedReport, cid: string): CompanyReport {
  const company = report.companies.find((candidate) => candidate.cid === cid);
  if (company === undefined) throw new Error(`company ${cid} is not in the report`);
  return company;
}

/** The row of an App and PID, or of the shared pool. */
export function rowOf(company: CompanyReport, pid: string, appId?: string): ReportRow | undefined {
  return company.rows.find((row) => row.pid === pid && row.appId === appId);
}
