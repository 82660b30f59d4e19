import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { LicenseError } from '#core/errors.ts';
import { newAppId, newSecret } from '#core/ids.ts';
import type { Transaction } from '../store/database.ts';
import type { CredentialTable, Schema } from '../store/schema.ts';

export type Scope = CredentialTable['scope'];

/** A pair for HTTP Basic authentication. The secret is shown once and stored as its hash. */
export interface Credential {
  readonly customerId: string;
  readonly customerSecret: string;
  readonly cid: string;
  readonly scope: Scope;
}

/**
 * Makes a pair for a company.
 *
 * @throws `unknown_company`
 */
export async function createCredential(
  { db, audit }: Transaction,
  cid: string,
  scope: Scope,
  actor: string,
): Promise<Credential> {
  const company = await db.selectFrom('company').select('cid').where('cid', '=', cid).executeTakeFirst();
  if (company === undefined) throw new LicenseError('unknown_company', { cid });
  const customerId = newAppId();
  const customerSecret = newSecret();
  const created_at = await audit.timeOf(cid);
  await db
    .insertInto('credential')
    .values({
      customer_id: customerId,
      cid,
      secret_hash: hashSecret(customerSecret),
      scope,
      created_at,
      revoked_at: null,
    })
    .execute();
  await audit.append(cid, { actor, action: 'credential.create', subject: customerId, detail: { scope } });
  return { customerId, customerSecret, cid, scope };
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
  const credential = await findCredential(db, customerId);
  if (credential === undefined) throw new LicenseError('unknown_credential', { customerId });
  const revoked_at = await audit.timeOf(credential.cid);
  await db.updateTable('credential').set({ revoked_at }).where('customer_id', '=', customerId).execute();
  await audit.append(credential.cid, { actor, action: 'credential.revoke', subject: customerId });
}

/** A pair that is in force, by its customerId. */
export function findCredential(db: Kysely<Schema>, customerId: string): Promise<CredentialTable | undefined> {
  return db
    .selectFrom('credential')
    .selectAll()
    .where('customer_id', '=', customerId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
}

/** One SHA-256, hex: the secret is 256 random bits, which no dictionary holds. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
