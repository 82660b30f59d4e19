import {
  type CompanyReport,
  type ReportRow,
  type UsageReport,
  usageReportDocument,
} from '#core/documents/usage-report.ts';
import { newId } from '#core/ids.ts';
import type { SigningKey } from '#core/keys.ts';
import type { World } from './world.ts';

const DAY = 86_400;

export const NO_FLOWS = {
  granted: 0,
  withdrawn: 0,
  allocated: 0,
  takenBack: 0,
  activated: 0,
  renewed: 0,
  revived: 0,
  expired: 0,
  transferred: 0,
  released: 0,
  suspended: 0,
  resumed: 0,
  minutes: 0,
};
export const NO_STOCK = { seats: 0, used: 0, licenses: 0, minutes: 0 };

/** A place of a trail whose hash follows from its number, as it would not in reality. */
export const place = (seq: number, at: number) => ({ seq, at, hash: seq.toString(16).padStart(64, '0') });

/** What a company of the world used in a month: 100 seats granted, 2 licenses activated. */
export async function companyReport(
  world: World,
  overrides: Partial<CompanyReport> = {},
): Promise<CompanyReport> {
  const { cid, appId, now } = world;
  const { pid, sku, validity, category, count } = world.purchase;
  const shared: ReportRow = {
    pid,
    opening: NO_STOCK,
    closing: { ...NO_STOCK, seats: count, used: 2 },
    ...NO_FLOWS,
    granted: count,
  };
  const ofApp: ReportRow = {
    pid,
    appId,
    opening: NO_STOCK,
    closing: { ...NO_STOCK, licenses: 2 },
    ...NO_FLOWS,
    activated: 2,
  };
  return {
    cid,
    name: 'Test School',
    issuerCertificate: await world.certificate(),
    apps: [{ appId, name: 'Classroom' }],
    products: [{ pid, sku, validity, category }],
    grants: [],
    rows: [shared, ofApp],
    renewals: [],
    trail: { opening: place(0, 0), closing: place(5, now - DAY), head: place(9, now), reports: [] },
    ...overrides,
  };
}

/** The claims of an honest report; each part can be replaced. */
export async function reportClaims(world: World, overrides: Partial<UsageReport> = {}): Promise<UsageReport> {
  return {
    reportId: newId(),
    iss: world.serverId,
    iat: world.now,
    version: '0.1.0',
    zone: 'UTC',
    fromDay: '2026-02-01',
    toDay: '2026-02-28',
    from: world.now - 28 * DAY,
    to: world.now,
    companies: [await companyReport(world)],
    ...overrides,
  };
}

/** The report, signed by the world's server or whoever else. */
export async function usageReport(
  world: World,
  overrides: Partial<UsageReport> = {},
  key: SigningKey = world.serverKey,
): Promise<string> {
  return usageReportDocument.sign(await reportClaims(world, overrides), key);
}
