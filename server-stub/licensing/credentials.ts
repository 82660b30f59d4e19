import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { newAppId, newSecret } from '#core/ids.ts';
import { Name, shapeProblem } from '#core/shapes.ts';
import type { Transaction } from '../store/database.ts';
import type { CredentialTable, Schema } from '../store/schema.ts';

/** What a pair may do: `full`, or `activate`: what devices and their tools need, and nothing more. */
export type Scope = CredentialTable['scope'];

/** A pair for HTTP Basic authentication. The secret is shown once and stored as its hash. */
export interface Credential {
  readonly customerId: string;
  readonly customerSecret: string;
  readonly cid: string;
  readonly scope: Scope;
  readonly label: string;
}

export interface CredentialOptions {
  /** Where the pair is used, in the operator's words. */
  label?: string | undefined;
}

/**
 * Makes a pair for a company; it may have several.
 *
 * @throws `unknown_company`; `parameter_invalid` where the label is no line of at most 100 characters
 */
export async function createCredential(
  { db, audit }: Transaction,
  cid: string,
  scope: Scope,
  actor: string,
  { label = '' }: CredentialOptions = {},
): Promise<Credential> {
  const problem = label === '' ? undefined : shapeProblem(Name, label);
  if (problem !== undefined) throw new LicenseError('parameter_invalid', { name: 'label', problem });
  const company = await db.selectFrom('company').select('cid').where('cid', '=', cid).executeTakeFirst();
  if (company === undefined) throw new LicenseError('unknown_company', { cid });
  const customerId = newAppId();
  const customerSecret = newSecret();
  const created_at = await audit.timeOf(cid);
  const secret_hash = hashSecret(customerSecret);
  await db
    .insertInto('credential')
    .values({ customer_id: customerId, cid, secret_hash, scope, label, created_at, revoked_at: null })
    .execute();
  const detail = { scope, label };
  await audit.append(cid, { actor, action: 'credential.create', subject: customerId, detail });
  return { customerId, customerSecret, cid, scope, label };
}

/**
 * Gives a pair a new secret. The old one is believed for some time more, so that programs can be changed one by one;
 * one that was rotated away before ends now.
 *
 * @param overlapSeconds 0 ends the old secret at once: for one that became known
 * @throws `unknown_credential`
 */
export async function rotateCredential(
  { db, audit }: Transaction,
  customerId: string,
  overlapSeconds: number,
  actor: string,
): Promise<Credential & { readonly previousUntil: number | null }> {
  const credential = await inForce(db, customerId);
  const { cid, scope, label } = credential;
  const customerSecret = newSecret();
  const previousUntil = overlapSeconds === 0 ? null : (await audit.timeOf(cid)) + overlapSeconds;
  await db
    .updateTable('credential')
    .set({
      secret_hash: hashSecret(customerSecret),
      previous_hash: previousUntil === null ? null : credential.secret_hash,
      previous_until: previousUntil,
    })
    .where('customer_id', '=', customerId)
    .execute();
  const detail = { previousUntil };
  await audit.append(cid, { actor, action: 'credential.rotate', subject: customerId, detail });
  return { customerId, customerSecret, cid, scope, label, previousUntil };
}

/**
 * Ends a pair; running servers follow within a second.
 *
 * @throws `unknown_credential`
 */
export async function revokeCredential(
  { db, audit }: Transaction,
  customerId: string,
  actor: string,
): Promise<void> {
  const { cid } = await inForce(db, customerId);
  const revoked_at = await audit.timeOf(cid);
  await db.updateTable('credential').set({ revoked_at }).where('customer_id', '=', customerId).execute();
  await audit.append(cid, { actor, action: 'credential.revoke', subject: customerId });
}

/** A pair as it is listed, without its secret. */
export interface ListedCredential {
  readonly customerId: string;
  readonly cid: string;
  readonly scope: Scope;
  readonly label: string;
  readonly createdAt: EpochSeconds;
  readonly lastUsedAt: EpochSeconds | null;
  /** Until when the secret before the present one is believed. */
  readonly previousUntil: EpochSeconds | null;
  readonly revokedAt: EpochSeconds | null;
}

/** The pairs of one company or of all, in the order in which they were made. */
export function credentials(db: Kysely<Schema>, cid?: string): Promise<ListedCredential[]> {
  return db
    .selectFrom('credential')
    .select([
      'customer_id as customerId',
      'cid',
      'scope',
      'label',
      'created_at as createdAt',
      'last_used_at as lastUsedAt',
      'previous_until as previousUntil',
      'revoked_at as revokedAt',
    ])
    .$if(cid !== undefined, (query) => query.where('cid', '=', cid ?? ''))
    .orderBy('created_at')
    .orderBy('customer_id')
    .execute();
}

async function inForce(db: Kysely<Schema>, customerId: string): Promise<CredentialTable> {
  const credential = await db
    .selectFrom('credential')
    .selectAll()
    .where('customer_id', '=', customerId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (credential === undefined) throw new LicenseError('unknown_credential', { customerId });
  return credential;
}

/** One SHA-256, hex: the secret is 256 random bits, which no dictionary holds. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
