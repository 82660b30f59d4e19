import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import { LicenseError } from '#core/errors.ts';
import { newId, newSecret } from '#core/ids.ts';
import type { Transaction } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { requireApp } from './require-app.ts';

export interface EnrollmentWish {
  readonly appId: string;
  readonly pid: string;
  /** Seats that may be taken through it. */
  readonly maxActivations: number;
  readonly expiresAt: EpochSeconds;
  readonly actor: string;
}

/** What an enrollment file says of the server that made it. */
export type EnrollmentServer = Pick<
  Enrollment,
  'serverUrls' | 'caCertificate' | 'serverId' | 'rootThumbprint' | 'rootSuccession'
>;

/**
 * Makes an enrollment: all that devices of an App need to activate one PID.
 *
 * @throws `unknown_app`, `unknown_pid`
 */
export async function createEnrollment(
  { db, audit }: Transaction,
  { appId, pid, maxActivations, expiresAt, actor }: EnrollmentWish,
  server: EnrollmentServer,
): Promise<Enrollment> {
  const app = await requireApp(db, appId);
  const { cid } = app;
  const line = await db
    .selectFrom('terms')
    .select('claims')
    .where('cid', '=', cid)
    .where('pid', '=', pid)
    .where('kind', '=', 'purchase')
    .executeTakeFirst();
  if (line === undefined) throw new LicenseError('unknown_pid', { pid });

  const id = newId();
  const secret = newSecret();
  await db
    .insertInto('enrollment')
    .values({
      enrollment_id: id,
      cid,
      app_id: appId,
      pid,
      secret,
      max_activations: maxActivations,
      used: 0,
      created_at: await audit.timeOf(cid),
      expires_at: expiresAt,
      revoked_at: null,
    })
    .execute();
  await audit.append(cid, {
    actor,
    action: 'enrollment.create',
    subject: id,
    detail: { appId, pid, maxActivations, expiresAt },
  });
  return {
    version: 1,
    ...server,
    cid,
    appId,
    pid,
    category: (JSON.parse(line.claims) as PurchaseTerms).category,
    fingerprintKey: app.fingerprint_key,
    enrollment: { id, secret, expiresAt },
  };
}

/**
 * Ends an enrollment: no new seat is taken through it. Devices that activated keep their licenses.
 *
 * @throws `unknown_enrollment`
 */
export async function revokeEnrollment({ db, audit }: Transaction, id: string, actor: string): Promise<void> {
  const enrollment = await db
    .selectFrom('enrollment')
    .selectAll()
    .where('enrollment_id', '=', id)
    .executeTakeFirst();
  if (enrollment === undefined) throw new LicenseError('unknown_enrollment', { id });
  if (enrollment.revoked_at !== null) return;
  const revoked_at = await audit.timeOf(enrollment.cid);
  await db.updateTable('enrollment').set({ revoked_at }).where('enrollment_id', '=', id).execute();
  await audit.append(enrollment.cid, { actor, action: 'enrollment.revoke', subject: id });
}

/** An enrollment as it is listed; its secret is in its file alone. */
export interface ListedEnrollment {
  readonly id: string;
  readonly cid: string;
  readonly appId: string;
  /** Of the App. */
  readonly name: string;
  readonly pid: string;
  readonly used: number;
  readonly maxActivations: number;
  readonly expiresAt: EpochSeconds;
  readonly revokedAt: EpochSeconds | null;
}

/** Enrollments of one App or of all, in the order in which they were made. */
export function enrollments(db: Kysely<Schema>, appId?: string): Promise<ListedEnrollment[]> {
  return db
    .selectFrom('enrollment')
    .innerJoin('app', 'app.app_id', 'enrollment.app_id')
    .select([
      'enrollment_id as id',
      'enrollment.cid',
      'enrollment.app_id as appId',
      'name',
      'pid',
      'used',
      'max_activations as maxActivations',
      'expires_at as expiresAt',
      'revoked_at as revokedAt',
    ])
    .$if(appId !== undefined, (query) => query.where('enrollment.app_id', '=', appId ?? ''))
    .orderBy('enrollment.created_at')
    .orderBy('enrollment_id')
    .execute();
}

export type EnrollmentState = 'inForce' | 'usedUp' | 'ended' | 'revoked';

/** What may still be done with it. */
export function enrollmentState(
  { used, maxActivations, expiresAt, revokedAt }: ListedEnrollment,
  at: EpochSeconds,
): EnrollmentState {
  if (revokedAt !== null) return 'revoked';
  if (at > expiresAt) return 'ended';
  return used < maxActivations ? 'inForce' : 'usedUp';
}
