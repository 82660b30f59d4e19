import { sql } from 'kysely';
import type { DenialCode } from '#core/documents/license-denial.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { rowsOf } from '../store/rows.ts';
import type { EnrollmentTable } from '../store/schema.ts';
import { activate, identityOf } from './activate.ts';
import { provenEnrollment } from './recognise.ts';
import { type DeviceRequest, departedLicense, type RequestFacts } from './request-facts.ts';

/** What came of seating: licenses were added to the facts; whoever got none is named here. */
export interface Seating {
  readonly newcomers: ReadonlySet<DeviceRequest>;
  /** By identityOf: of several requests for one LicenseKey all are told the same. */
  readonly refusals: ReadonlyMap<string, DenialCode>;
}

/**
 * Consumes a seat for each proven activation of a LicenseKey that has no license, all in one call of activate.
 * The search for a license comes before a seat is consumed, and only new seats count against an enrollment's
 * maximum. Source: protocol, Identity and "An enrollment file".
 */
export async function seatNewcomers(
  transaction: Transaction,
  requests: readonly DeviceRequest[],
  facts: RequestFacts,
): Promise<Seating> {
  const refusals = new Map<string, DenialCode>();
  const seating = new Map<string, { request: DeviceRequest; enrollment: EnrollmentTable }>();
  const spent = new Map<EnrollmentTable, number>();
  const spend = (enrollment: EnrollmentTable, seats: number) =>
    spent.set(enrollment, (spent.get(enrollment) ?? 0) + seats);

  for (const request of requests) {
    const { claims, jkt } = request;
    const identity = identityOf(claims);
    const settled = facts.licenses.has(identity) || seating.has(identity) || facts.answers.has(claims.jti);
    const issuing = facts.issuing.get(facts.companies.get(claims.appId) ?? '');
    if (claims.purpose !== 'activate' || settled || issuing === undefined || issuing instanceof LicenseError)
      continue;
    // Its license was moved away: it takes another once a person says so.
    if (claims.automatic && departedLicense(facts, request) !== undefined) continue;
    const enrollment = provenEnrollment(claims, jkt, facts.enrollments, issuing.now);
    if (enrollment === undefined) continue;
    if (enrollment.used + (spent.get(enrollment) ?? 0) >= enrollment.max_activations) {
      refusals.set(identity, 'enrollment_exhausted');
      continue;
    }
    spend(enrollment, 1);
    seating.set(identity, { request, enrollment });
  }

  const candidates = [...seating.values()];
  const outcomes = await activate(
    transaction,
    candidates.map(({ request: { claims, jkt, from }, enrollment: { cid } }) => {
      const { appId, pid, licenseKey } = claims;
      return { cid, appId, pid, licenseKey, actor: `device:${jkt}`, from };
    }),
  );
  const newcomers = new Set<DeviceRequest>();
  for (const [index, { request, enrollment }] of candidates.entries()) {
    const outcome = outcomes[index];
    if (outcome?.ok) {
      facts.licenses.set(identityOf(request.claims), outcome.license);
      newcomers.add(request);
    } else {
      spend(enrollment, -1);
      // App, certificate and license were looked at before: what is left to refuse is the seat.
      const code = outcome?.error.code;
      const known = code === 'quota_exhausted' || code === 'not_preauthorized';
      refusals.set(identityOf(request.claims), known ? code : 'unknown_pid');
    }
  }
  await storeSpent(transaction, spent);
  return { newcomers, refusals };
}

async function storeSpent({ db }: Transaction, spent: ReadonlyMap<EnrollmentTable, number>): Promise<void> {
  const rows = [...spent]
    .filter(([, seats]) => seats > 0)
    .map(([{ enrollment_id }, seats]) => ({ enrollment_id, seats }));
  if (rows.length === 0) return;
  await db
    .updateTable('enrollment')
    .from(rowsOf<(typeof rows)[number]>(db, { enrollment_id: 'text', seats: 'integer' }, rows).as('r'))
    .set({ used: sql<number>`enrollment.used + r.seats` })
    .whereRef('enrollment.enrollment_id', '=', 'r.enrollment_id')
    .execute();
}
