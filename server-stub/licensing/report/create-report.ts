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
import { certificatesOf, keyOfCertificate, requireCertificate } from '../certificates.ts';
import type { Issuer } from '../issuer.ts';
import { SETTLED_AT_ONCE, settleMinutes } from '../settle-minutes.ts';
import { companyReport } from './company-report.ts';
import { type ReportPeriod, reportPeriod } from './period.ts';

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
  { serverId, key }: Issuer,
  roots: readonly VerificationKey[],
  { fromDay, toDay, zone, cid: wanted, actor }: ReportWish,
  now: EpochSeconds,
): Promise<CreatedReport> {
  const period = reportPeriod(fromDay, toDay, zone, now);
  const reportId = newId();
  const { iat, certificates } = await recordReport(store, {
    ...{ reportId, period, wanted, actor, now },
    kid: key.thumbprint,
  });
  const companies = await snapshot(store, async (db) => {
    const reports: CompanyReport[] = [];
    for (const [cid, issuerCertificate] of certificates) {
      reports.push(await companyReport(db, { cid, reportId, issuerCertificate, period, iat }, roots));
    }
    return reports;
  });
  const report: UsageReport = { reportId, iss: serverId, iat, version: VERSION, ...period, companies };
  const document = await usageReportDocument.sign(report, key);
  // As the vendor will: what would be refused there does not leave.
  return { report: await verifyUsageReport(document, roots), document };
}

interface Recording {
  readonly reportId: string;
  readonly period: ReportPeriod;
  readonly wanted: string | undefined;
  readonly actor: string;
  /** Of the key that signs all of it. */
  readonly kid: string;
  readonly now: EpochSeconds;
}

function recordReport(store: Store, { reportId, period, wanted, actor, kid, now }: Recording) {
  return store.write(now, async (transaction) => {
    const { db, audit } = transaction;
    const { fromDay, toDay, zone } = period;
    const times: EpochSeconds[] = [];
    const certificates = new Map<string, string>();
    for (const cid of await companiesOf(db, wanted)) {
      const at = await audit.timeOf(cid);
      times.push(at);
      certificates.set(cid, await certificateOfKey(db, cid, at, kid));
      while ((await settleMinutes(transaction, cid)) === SETTLED_AT_ONCE);
      const detail = { fromDay, toDay, zone };
      await audit.append(cid, { actor, action: 'report.create', subject: reportId, detail });
    }
    // No trail has gone less far: what lies before is settled for all.
    return { iat: Math.min(...times), certificates };
  });
}

/** The report is signed once, with one key: each company's certificate for it. */
async function certificateOfKey(
  db: Kysely<Schema>,
  cid: string,
  at: EpochSeconds,
  kid: string,
): Promise<string> {
  const certificates = await certificatesOf(db, cid);
  const ofKey = certificates.filter(({ document }) => keyOfCertificate(document) === kid);
  return requireCertificate(ofKey, cid, at);
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
