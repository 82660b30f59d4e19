import { timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { enrollmentProof } from '#core/documents/enrollment.ts';
import type { LicenseRequest, ParsedLicenseRequest } from '#core/documents/license-request.ts';
import { rowsOf } from '../store/rows.ts';
import type { EnrollmentTable, Schema } from '../store/schema.ts';
import { enrollmentsOf, pairOf } from './request-facts.ts';

/** What recognising looks at of a request. */
export type Recognisable = Pick<ParsedLicenseRequest, 'claims' | 'jkt'>;

/**
 * Tells strangers before any signature work: a request must come from a key that a license of the App's company was
 * bound to, or carry a valid proof of an enrollment. Two queries, however many requests. Source: protocol, Identity,
 * "Enrollment proof".
 *
 * @returns for each request, whether it may be looked at further
 */
export async function recognise(
  db: Kysely<Schema>,
  requests: readonly Recognisable[],
  now: EpochSeconds,
): Promise<boolean[]> {
  const known = await knownKeys(db, requests);
  const unknown = requests.filter(({ claims, jkt }) => !known.has(pairOf(jkt, claims.appId)));
  const claimsOfUnknown = unknown.map(({ claims }) => claims);
  const enrollments = await enrollmentsOf(db, claimsOfUnknown);
  return requests.map(
    ({ claims, jkt }) =>
      known.has(pairOf(jkt, claims.appId)) || provenEnrollment(claims, jkt, enrollments, now) !== undefined,
  );
}

/** As `jkt appId`: the first license that is found will do, and a gateway's key has thousands. */
async function knownKeys(db: Kysely<Schema>, requests: readonly Recognisable[]): Promise<Set<string>> {
  const asked = new Map(
    requests.map(({ claims, jkt }) => [pairOf(jkt, claims.appId), { jkt, app_id: claims.appId }]),
  );
  const columns = { jkt: 'text', app_id: 'text' } as const;
  const rows = await db
    .selectFrom(rowsOf<{ jkt: string; app_id: string }>(db, columns, [...asked.values()]).as('r'))
    .select(['r.jkt', 'r.app_id'])
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('device_key')
          .innerJoin('license', 'license.license', 'device_key.license')
          .innerJoin('app', 'app.cid', 'license.cid')
          .select('device_key.jkt')
          .whereRef('device_key.jkt', '=', 'r.jkt')
          .whereRef('app.app_id', '=', 'r.app_id'),
      ),
    )
    .execute();
  return new Set(rows.map(({ jkt, app_id }) => pairOf(jkt, app_id)));
}

/** The enrollment that a request proves to hold, for its App and PID, neither revoked nor over. */
export function provenEnrollment(
  { enrollment: proof, jti, licenseKey, appId, pid }: LicenseRequest,
  jkt: string,
  enrollments: ReadonlyMap<string, EnrollmentTable>,
  now: EpochSeconds,
): EnrollmentTable | undefined {
  const enrollment = proof && enrollments.get(proof.id);
  if (proof === undefined || enrollment === undefined) return undefined;
  if (enrollment.revoked_at !== null || now > enrollment.expires_at) return undefined;
  if (enrollment.app_id !== appId || enrollment.pid !== pid) return undefined;
  const expected = enrollmentProof(enrollment.secret, jkt, jti, licenseKey);
  return timingSafeEqual(Buffer.from(expected), Buffer.from(proof.hmac)) ? enrollment : undefined;
}
