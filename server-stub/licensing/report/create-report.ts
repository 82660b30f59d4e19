import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import {
  type CompanyReport,
  type UsageReport,
  usageReportDocument,
  verifyUsageReport,
} from '#core/documents/usage-report.ts';
import { LicenseError } from '#core/errors.ts';
import { VERSION } from '#core/host/version.ts';
import { newId } from '#core/ids.ts';
import type { VerificationKey } from '#core/keys.ts';
import type { Store } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import type { Issuer } from '../issuer.ts';
import { SETTLED_AT_ONCE, settleMinutes } from '../settle-minutes.ts';
import { companyReport } from './company-report.ts';
import { type ReportPeriod, reportPeriod } from './period.ts';
import { type ReportSigner, reportSigner } from './report-signer.ts';

export interface ReportWish {
  readonly fromDay: string;
  /** Inclusive. */
  readonly toDay: string;
  readonly zone: string;
  /** One company alone. */
  readonly cid?: string | undefined;
  readonly actor: string;
}

export interface CreatedReport {
  readonly report: UsageReport;
  readonly document: string;
}

/**
 * Makes the signed usage report of all companies, or one. First a row in each trail records it, after
 * the minutes that did not stand there yet: so the trail's time has passed the period, and whoever keeps the report can
 * later find its place in the trail. Then everything is read
 * from one snapshot, without holding up those who write.
 *
 * @throws `parameter_invalid`, `unknown_company`, `issuer_certificate_missing`, `issuer_certificate_expired`,
 * `clock_behind_audit`, `audit_broken`, `report_inconsistent`, `document_too_large`
 */
export async function createReport(
  store: Store,
  issuer: Issuer,
  roots: readonly VerificationKey[],
  { fromDay, toDay, zone, cid: wanted, actor }: ReportWish,
  now: EpochSeconds,
): Promise<CreatedReport> {
  const period = reportPeriod(fromDay, toDay, zone, now);
  const reportId = newId();
  const recording = { reportId, period, wanted, actor, now };
  const { iat, key, certificates } = await recordReport(store, issuer, recording);
  const companies = await snapshot(store, async (db) => {
    const reports: CompanyReport[] = [];
    for (const [cid, issuerCertificate] of certificates) {
      reports.push(await companyReport(db, { cid, reportId, issuerCertificate, period, iat }, roots));
    }
    return reports;
  });
  const report: UsageReport = { reportId, iss: issuer.serverId, iat, version: VERSION, ...period, companies };
  const document = await usageReportDocument.sign(report, key);
  // As the vendor will: what would be refused there does not leave.
  return { report: await verifyUsageReport(document, roots), document };
}

interface Recording {
  readonly reportId: string;
  readonly period: ReportPeriod;
  readonly wanted: string | undefined;
  readonly actor: string;
  readonly now: EpochSeconds;
}

function recordReport(
  store: Store,
  issuer: Issuer,
  { reportId, period, wanted, actor, now }: Recording,
): Promise<ReportSigner & { readonly iat: EpochSeconds }> {
  return store.write(now, async (transaction) => {
    const { db, audit } = transaction;
    const { fromDay, toDay, zone } = period;
    const cids = await companiesOf(db, wanted);
    const times: EpochSeconds[] = [];
    for (const cid of cids) times.push(await audit.timeOf(cid));
    // No trail has gone less far: what lies before is settled for all.
    const iat = Math.min(...times);
    const signer = await reportSigner(db, issuer, cids, iat);
    for (const cid of cids) {
      while ((await settleMinutes(transaction, cid)) === SETTLED_AT_ONCE);
      const detail = { fromDay, toDay, zone };
      await audit.append(cid, { actor, action: 'report.create', subject: reportId, detail });
    }
    return { iat, ...signer };
  });
}

async function companiesOf(db: Kysely<Schema>, wanted: string | undefined): Promise<string[]> {
  const rows = await db.selectFrom('company').select('cid').orderBy('cid').execute();
  const cids = rows.map(({ cid }) => cid).filter((cid) => wanted === undefined || cid === wanted);
  if (cids.length === 0) throw new LicenseError('unknown_company', { cid: wanted ?? '' });
  return cids;
}

/** Reads that all see the store as it stood at one moment. */
function snapshot<T>(store: Store, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
  const transaction = store.reader.transaction();
  // In SQLite every transaction is one.
  return (
    store.engine === 'postgres' ? transaction.setIsolationLevel('repeatable read') : transaction
  ).execute(work);
}
