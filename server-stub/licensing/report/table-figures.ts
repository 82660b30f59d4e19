import type { Kysely } from 'kysely';
import type { LicenseTable, Schema } from '../../store/schema.ts';
import { SHARED } from '../quota.ts';
import { renewalsOf } from '../terms.ts';
import { type Figures, ownerOfRenewals } from './figures.ts';
import { inconsistent } from './inconsistent.ts';
import { countHistory } from './license-history.ts';
import type { VendorLine } from './vendor-lines.ts';

/** Licenses in memory at a time. */
const PAGE_ROWS = 1000;

/**
 * Adds up a company's figures from the tables alone: grants and lines, pools, and every license with its renewals.
 * What tables do not remember (when a license was suspended) is left to the trail.
 *
 * @throws `report_inconsistent` where a row contradicts itself
 */
export async function addTableFigures(
  db: Kysely<Schema>,
  cid: string,
  lines: ReadonlyMap<string, VendorLine>,
  figures: Figures,
): Promise<void> {
  await addGrants(db, cid, lines, figures);
  await addPools(db, cid, figures);
  const page = db
    .selectFrom('license')
    .select(LICENSE)
    .where('cid', '=', cid)
    .orderBy('license')
    .limit(PAGE_ROWS);
  for (let rows = await page.execute(); rows.length > 0; ) {
    for (const license of rows) addLicense(cid, license, lines, figures);
    rows = await page.where('license', '>', rows.at(-1)?.license ?? '').execute();
  }
}

const LICENSE = [
  'license',
  'app_id',
  'pid',
  'license_key',
  'terms_id',
  'state',
  'activation_time',
  'expire_time',
  'renewals',
] as const;
type License = Pick<LicenseTable, (typeof LICENSE)[number]>;

async function addGrants(
  db: Kysely<Schema>,
  cid: string,
  lines: ReadonlyMap<string, VendorLine>,
  figures: Figures,
): Promise<void> {
  const grants = await db.selectFrom('vendor_grant').selectAll().where('cid', '=', cid).execute();
  const importedAt = new Map(grants.map(({ grant_id, imported_at }) => [grant_id, imported_at]));
  const replacedBy = new Map(grants.map(({ grant_id, replaced_by }) => [grant_id, replaced_by]));
  for (const { terms, grantId } of lines.values()) {
    const { pid, count, appId = SHARED } = terms;
    const owner = terms.kind === 'purchase' ? { pid, appId } : ownerOfRenewals(terms);
    figures.add(owner, 'granted', importedAt.get(grantId) ?? 0, count);
    const successor = replacedBy.get(grantId);
    if (successor) figures.add(owner, 'withdrawn', importedAt.get(successor) ?? 0, count);
  }
}

async function addPools(db: Kysely<Schema>, cid: string, figures: Figures): Promise<void> {
  const pools = await db.selectFrom('quota').selectAll().where('cid', '=', cid).execute();
  for (const { pid, app_id: appId, granted, used } of pools) {
    figures.add({ pid, appId }, 'seats', 0, granted);
    figures.add({ pid, appId }, 'used', 0, used);
  }
  const allocations = await db
    .selectFrom('allocation')
    .select(({ fn }) => ['pid', 'app_id', fn.sum<number>('count').as('count')])
    .where('cid', '=', cid)
    .groupBy(['pid', 'app_id'])
    .execute();
  for (const { pid, app_id: appId, count } of allocations)
    figures.add({ pid, appId }, 'recorded', 0, Number(count));
}

function addLicense(
  cid: string,
  row: License,
  lines: ReadonlyMap<string, VendorLine>,
  figures: Figures,
): void {
  const { license, app_id: appId, pid, license_key: licenseKey, state } = row;
  const owner = { pid, appId };
  const purchase = lines.get(row.terms_id)?.terms;
  if (purchase?.kind !== 'purchase' || purchase.pid !== pid) {
    const what = { en: `the line of license ${license}`, zh: `License ${license} 的条款` };
    inconsistent(cid, owner, what, purchase?.pid ?? null, row.terms_id);
  }
  figures.fact(owner, 1, 'key', license, licenseKey);
  if (state !== 'active') {
    figures.fact(owner, -1, 'active', license);
    figures.fact(owner, 1, state, license);
  }
  const history = { license, activationTime: row.activation_time, renewals: renewalsOf(row) };
  const end = countHistory(figures, owner, history, purchase.validity, lines);
  if (end !== row.expire_time) {
    const what = { en: `expireTime of license ${license}`, zh: `License ${license} 的 expireTime` };
    inconsistent(cid, owner, what, end ?? null, row.expire_time);
  }
}
