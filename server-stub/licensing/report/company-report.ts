import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { CompanyReport } from '#core/documents/usage-report.ts';
import { LicenseError } from '#core/errors.ts';
import type { VerificationKey } from '#core/keys.ts';
import { verifyTrail } from '../../store/audit.ts';
import type { Schema } from '../../store/schema.ts';
import { compareFigures } from './compare-figures.ts';
import { Figures } from './figures.ts';
import { addMinutes } from './minutes.ts';
import type { ReportPeriod } from './period.ts';
import { correctedLicenses, TrailReplay } from './replay-trail.ts';
import { renewalRows, reportRows } from './report-rows.ts';
import { addTableFigures } from './table-figures.ts';
import { TrailPlaces } from './trail-places.ts';
import { type VendorLine, vendorLines } from './vendor-lines.ts';

export interface CompanyWish {
  readonly cid: string;
  readonly reportId: string;
  readonly issuerCertificate: string;
  readonly period: ReportPeriod;
  readonly iat: EpochSeconds;
}

/**
 * One company's part of a report: the trail is walked once, which verifies its hashes and adds up the figures; the
 * tables are added up by themselves; both must agree.
 *
 * @param db a snapshot
 * @throws `audit_broken`, `report_inconsistent`
 */
export async function companyReport(
  db: Kysely<Schema>,
  { cid, reportId, issuerCertificate, period: { from, to }, iat }: CompanyWish,
  roots: readonly VerificationKey[],
): Promise<CompanyReport> {
  const end = Math.min(to, iat);
  const lines = await vendorLines(db, cid, roots);
  const [figures, tables] = [new Figures(from, end), new Figures(from, end)];
  const replay = new TrailReplay(figures, lines, await correctedLicenses(db, cid));
  const places = new TrailPlaces(reportId, from, end);
  const { brokenAt } = await verifyTrail(db, cid, (row) => {
    places.pass(row);
    replay.apply(row);
  });
  if (brokenAt !== undefined) throw new LicenseError('audit_broken', { cid, seq: brokenAt });
  await addTableFigures(db, cid, lines, tables);
  await addMinutes(db, cid, tables);
  compareFigures(cid, figures, tables, lines);

  const company = db.selectFrom('company').select('name').where('cid', '=', cid);
  return {
    cid,
    name: (await company.executeTakeFirstOrThrow()).name,
    issuerCertificate,
    apps: await appsOf(db, cid),
    products: productsOf(lines),
    grants: await grantsOf(db, cid, end),
    rows: reportRows(figures),
    renewals: renewalRows(figures, lines),
    trail: places.checkpoints,
  };
}

function appsOf(db: Kysely<Schema>, cid: string): Promise<CompanyReport['apps']> {
  return db
    .selectFrom('app')
    .select(['app_id as appId', 'name'])
    .where('cid', '=', cid)
    .orderBy('app_id')
    .execute();
}

/** Every line of a PID says the same of it; only counts and limits differ. */
function productsOf(lines: ReadonlyMap<string, VendorLine>): CompanyReport['products'] {
  const products = new Map<string, CompanyReport['products'][number]>();
  for (const { terms } of lines.values()) {
    if (terms.kind !== 'purchase') continue;
    const { pid, sku, validity, category } = terms;
    products.set(pid, { pid, sku, validity, category });
  }
  return [...products.values()].toSorted((a, b) => (a.pid < b.pid ? -1 : 1));
}

async function grantsOf(
  db: Kysely<Schema>,
  cid: string,
  end: EpochSeconds,
): Promise<CompanyReport['grants']> {
  const rows = await db
    .selectFrom('vendor_grant')
    .leftJoin('vendor_grant as successor', 'successor.grant_id', 'vendor_grant.replaced_by')
    .select([
      'vendor_grant.grant_id as grantId',
      'vendor_grant.imported_at as at',
      'vendor_grant.replaced_by as replacedBy',
      'successor.imported_at as replacedAt',
    ])
    .where('vendor_grant.cid', '=', cid)
    .where('vendor_grant.imported_at', '<', end)
    .orderBy('at')
    .orderBy('grantId')
    .execute();
  return rows.map(({ grantId, at, replacedBy, replacedAt }) =>
    replacedBy === null || replacedAt === null || replacedAt >= end
      ? { grantId, at }
      : { grantId, at, replacedBy },
  );
}
