import { timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { enrollmentProof } from '#core/documents/enrollment.ts';
import type { LicenseRequest, ParsedLicenseRequest } from '#core/documents/license-request.ts';
import { LicenseError } from '#core/errors.ts';
import type { EnrollmentTable, Schema } from '../store/schema.ts';
import { enrollmentsOf } from './request-facts.ts';

/**
 * Turns strangers away before any signature work: a request must come from a key that a license of the App's
 * company was bound to, or carry a valid proof of an enrollment. Source: protocol, Identity, "Enrollment proof".
 *
 * @throws `enrollment_rejected`
 */
export async function recognise(
  db: Kysely<Schema>,
  { claims, deviceKey }: ParsedLicenseRequest,
  now: EpochSeconds,
): Promise<void> {
  const jkt = deviceKey.thumbprint;
  const known = await db
    .selectFrom('device_key')
    .innerJoin('license', 'license.license', 'device_key.license')
    .innerJoin('app', 'app.cid', 'license.cid')
    .select('device_key.jkt')
    .where('device_key.jkt', '=', jkt)
    .where('app.app_id', '=', claims.appId)
    .limit(1)
    .executeTakeFirst();
  if (known !== undefined) return;
  const enrollments = await enrollmentsOf(db, [claims]);
  if (provenEnrollment(claims, jkt, enrollments, now) === undefined)
    throw new LicenseError('enrollment_rejected');
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
