import { timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { Schema } from '../store/schema.ts';
import { hashSecret, type Scope } from './credentials.ts';

/** For whom a call of the OpenAPI is made. */
export interface Caller {
  readonly cid: string;
  readonly customerId: string;
  readonly scope: Scope;
  /** The company's own limit, in calls per second and endpoint; 0: none; null: as configured. */
  readonly rateLimitPerSecond: number | null;
}

/** A customerId is made by us: a name of another shape never reaches the store. */
const CUSTOMER_ID = /^[0-9a-f]{32}$/;
const NO_HASH = '0'.repeat(64);

/**
 * Who holds a customerId and its secret, or the secret before the last rotation while that is believed; undefined
 * for anyone else. A stranger's secret is hashed and compared as often as anybody's, so that the time tells nothing
 * about names.
 */
export async function recogniseCaller(
  db: Kysely<Schema>,
  customerId: string,
  secret: string,
  now: EpochSeconds,
): Promise<Caller | undefined> {
  const credential = CUSTOMER_ID.test(customerId) ? await findCredential(db, customerId) : undefined;
  const hash = hashSecret(secret);
  const isCurrent = sameHash(hash, credential?.secret_hash ?? NO_HASH);
  const wasCurrent = sameHash(hash, credential?.previous_hash ?? NO_HASH);
  const isBelieved = isCurrent || (wasCurrent && now < (credential?.previous_until ?? 0));
  if (credential === undefined || !isBelieved) return undefined;
  const { cid, scope, rate_limit_per_second } = credential;
  return { cid, customerId, scope, rateLimitPerSecond: rate_limit_per_second };
}

function sameHash(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function findCredential(db: Kysely<Schema>, customerId: string) {
  return db
    .selectFrom('credential')
    .innerJoin('company', 'company.cid', 'credential.cid')
    .selectAll('credential')
    .select('company.rate_limit_per_second')
    .where('customer_id', '=', customerId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
}
