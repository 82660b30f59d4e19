import * as Type from 'typebox';
import { Category, Sku, Validity } from '../catalog.ts';
import { LicenseError } from '../errors.ts';
import { type VerificationKey, verificationKey } from '../keys.ts';
import { AppId, Cid, Compact, Epoch, Id, Name, Zone } from '../shapes.ts';
import { checkUsageReport } from './check-usage-report.ts';
import { verifyIssuerCertificate } from './issuer-certificate.ts';
import { defineDocument } from './signed-document.ts';

const Amount = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** A day in the report's zone, inclusive: `2026-03-31`. */
export const Day = Type.String({
  pattern: '^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$',
});

/** Earlier reports that a report names at most, the newest: one a month for 33 years. */
export const MOST_EARLIER_REPORTS = 400;

/** A place in a company's hash-chained trail; seq 0 is before its first row. */
export const Checkpoint = Type.Object({
  seq: Amount,
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  at: Epoch,
});
export type Checkpoint = Type.Static<typeof Checkpoint>;

/** How things stood at one moment. */
export const Stock = Type.Object({
  /** Size of this pool of seats: granted and allocated to the App, or shared. */
  seats: Amount,
  /** Seats of this pool that were activated; a seat once used stays used. */
  used: Amount,
  /** Licenses of the App whose expireTime was not reached. */
  licenses: Amount,
  /** Minutes that the App's devices had reported. */
  minutes: Amount,
});
export type Stock = Type.Static<typeof Stock>;

/** What happened in the period: counts of seats, of licenses, and minutes. */
export const Flows = Type.Object({
  /** Seats of the vendor's lines that were imported. */
  granted: Amount,
  /** Seats of lines that a replacing grant took away. */
  withdrawn: Amount,
  /** Seats moved from the shared pool to the App, and back. */
  allocated: Amount,
  takenBack: Amount,
  activated: Amount,
  renewed: Amount,
  /** Of the renewed, those that had expired before. */
  revived: Amount,
  /** Licenses whose expireTime was reached. */
  expired: Amount,
  transferred: Amount,
  released: Amount,
  suspended: Amount,
  resumed: Amount,
  /** Minutes by the time at which they were reported: a device without a network brings its own later. */
  minutes: Amount,
});
export type Flows = Type.Static<typeof Flows>;

/** One PID of one App, or the seats of a PID that all Apps of the company share. */
export const ReportRow = Type.Object({
  pid: Id,
  /** Left out for the shared pool, which has seats and no licenses. */
  appId: Type.Optional(AppId),
  opening: Stock,
  closing: Stock,
  ...Flows.properties,
});
export type ReportRow = Type.Static<typeof ReportRow>;

const RenewalStock = Type.Object({ granted: Amount, used: Amount });

/** The renewals of one renewId, whichever App used them. */
export const RenewalRow = Type.Object({
  renewId: Id,
  pid: Id,
  validity: Validity,
  opening: RenewalStock,
  closing: RenewalStock,
  granted: Amount,
  withdrawn: Amount,
  renewed: Amount,
});
export type RenewalRow = Type.Static<typeof RenewalRow>;

export const CompanyReport = Type.Object({
  cid: Cid,
  name: Name,
  /** The vendor's word that the signer may speak for this company. */
  issuerCertificate: Compact,
  apps: Type.Array(Type.Object({ appId: AppId, name: Name })),
  /** What each PID stands for. */
  products: Type.Array(Type.Object({ pid: Id, sku: Sku, validity: Validity, category: Category })),
  /** All grants that were imported before the end of the period. */
  grants: Type.Array(Type.Object({ grantId: Id, at: Epoch, replacedBy: Type.Optional(Id) })),
  rows: Type.Array(ReportRow),
  renewals: Type.Array(RenewalRow),
  /** The audit trail from which the figures follow. */
  trail: Type.Object({
    /** Last row before the period. */
    opening: Checkpoint,
    /** Last row of the period. */
    closing: Checkpoint,
    /** The row that records this very report. */
    head: Checkpoint,
    /** The heads of earlier reports, newest first: who kept one sees whether the trail was rewritten since. */
    reports: Type.Array(Checkpoint, { maxItems: MOST_EARLIER_REPORTS }),
  }),
});
export type CompanyReport = Type.Static<typeof CompanyReport>;

export const UsageReport = Type.Object({
  reportId: Id,
  /** The license server's id. */
  iss: Id,
  iat: Epoch,
  /** Version of the server program. */
  version: Type.String({ minLength: 1, maxLength: 64 }),
  /** The zone in which the days are meant. */
  zone: Zone,
  fromDay: Day,
  /** Inclusive. */
  toDay: Day,
  from: Epoch,
  /** Exclusive. A report with iat before it is preliminary: its figures end at iat. */
  to: Epoch,
  companies: Type.Array(CompanyReport, { minItems: 1, maxItems: 1000 }),
});
export type UsageReport = Type.Static<typeof UsageReport>;

/** What a server's companies used in a period: signed by the server key, read by the vendor, who bills by it. */
export const usageReportDocument = defineDocument({
  typ: 'license-report+jwt',
  schema: UsageReport,
  maxBytes: 4 * 1024 * 1024,
});

/**
 * Verifies a usage report from the vendor root down: root → issuer certificate of each company (as of the report's
 * iat) → server key → report; server id, CID and key agree; the figures add up. Source: protocol, Trust.
 *
 * @throws as {@link usageReportDocument}.verify and verifyIssuerCertificate; `issuer_mismatch`,
 * `report_contradictory`
 */
export async function verifyUsageReport(
  compact: unknown,
  roots: readonly VerificationKey[],
): Promise<UsageReport> {
  const { claims } = usageReportDocument.parse(compact);
  let signer: VerificationKey | undefined;
  for (const { cid, issuerCertificate } of claims.companies) {
    const certificate = await verifyIssuerCertificate(issuerCertificate, roots, claims.iat);
    const key = verificationKey(certificate.cnf.jwk);
    signer ??= key;
    for (const [expected, actual] of [
      [claims.iss, certificate.sub],
      [cid, certificate.cid],
      [signer.thumbprint, key.thumbprint],
    ] as const) {
      if (expected !== actual) {
        const where = { en: `certificate of company ${cid}`, zh: `企业 ${cid} 的签发证书` };
        throw new LicenseError('issuer_mismatch', { where, expected, actual });
      }
    }
  }
  const report = await usageReportDocument.verify(compact, signer === undefined ? [] : [signer]);
  checkUsageReport(report);
  return report;
}
