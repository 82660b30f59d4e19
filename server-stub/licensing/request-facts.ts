import type { Kysely } from 'kysely';
import type { LicenseRequest } from '#core/documents/license-request.ts';
import type { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import type { EnrollmentTable, LicenseTable, Schema } from '../store/schema.ts';
import { existingLicenses } from './activate.ts';
import { type Issuing, issuingFor } from './issuing.ts';

/** A request whose signature was verified. */
export interface DeviceRequest {
  readonly claims: LicenseRequest;
  /** Thumbprint of the device key. */
  readonly jkt: string;
}

/** What the store knows of a batch of device requests, read at once. */
export interface RequestFacts {
  /** Company by App ID. */
  readonly companies: ReadonlyMap<string, string>;
  /** By company: what issuing needs, or why the server may not. */
  readonly issuing: ReadonlyMap<string, Issuing | LicenseError>;
  /** Answers that were given before, by jti. */
  readonly answers: ReadonlyMap<string, Schema['answer']>;
  readonly enrollments: ReadonlyMap<string, EnrollmentTable>;
  /** By identityOf; the batch adds and changes licenses as it decides. */
  readonly licenses: Map<string, LicenseTable>;
  /** `jkt license` of every key that was ever bound to a license. */
  readonly bound: ReadonlySet<string>;
}

/** A key and a license, as they stand in {@link RequestFacts.bound}. */
export function boundPair(jkt: string, license: string): string {
  return `${jkt} ${license}`;
}

export async function requestFacts(
  transaction: Transaction,
  requests: readonly DeviceRequest[],
): Promise<RequestFacts> {
  const { db } = transaction;
  const claims = requests.map((request) => request.claims);
  const appIds = [...new Set(claims.map(({ appId }) => appId))];
  const apps = await db.selectFrom('app').select(['app_id', 'cid']).where('app_id', 'in', appIds).execute();
  const jtis = claims.map(({ jti }) => jti);
  const answers = await db.selectFrom('answer').selectAll().where('jti', 'in', jtis).execute();
  const jkts = [...new Set(requests.map(({ jkt }) => jkt))];
  const keys = await db
    .selectFrom('device_key')
    .select(['jkt', 'license'])
    .where('jkt', 'in', jkts)
    .execute();
  return {
    companies: new Map(apps.map(({ app_id, cid }) => [app_id, cid])),
    issuing: await issuingFor(
      transaction,
      apps.map(({ cid }) => cid),
    ),
    answers: new Map(answers.map((answer) => [answer.jti, answer])),
    enrollments: await enrollmentsOf(db, claims),
    licenses: await existingLicenses(db, claims),
    bound: new Set(keys.map(({ jkt, license }) => boundPair(jkt, license))),
  };
}

/** The enrollments that requests name, by id. */
export async function enrollmentsOf(
  db: Kysely<Schema>,
  requests: readonly LicenseRequest[],
): Promise<Map<string, EnrollmentTable>> {
  const ids = [...new Set(requests.flatMap(({ enrollment }) => enrollment?.id ?? []))];
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('enrollment').selectAll().where('enrollment_id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.enrollment_id, row]));
}
