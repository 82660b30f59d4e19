import { createHash, randomBytes } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { ConsoleUserTable } from '../store/console-tables.ts';
import type { Schema } from '../store/schema.ts';

/** Signed in for a working day without a click, and for a week at the most; in seconds. */
const IDLE_SECONDS = 12 * 3600;
const LONGEST_SECONDS = 7 * 86_400;
/** How exactly it is known when a session was used last: a click is not a write. */
const SEEN_SECONDS = 300;
/** Places that one person is signed in at: more, and the oldest ends. */
const MOST_SESSIONS = 10;

/** Signs a user in somewhere: the cookie's value, which is kept as its hash alone. */
export async function openSession(
  db: Kysely<Schema>,
  userId: string,
  now: EpochSeconds,
): Promise<{ token: string; expiresAt: EpochSeconds }> {
  const token = randomBytes(32).toString('base64url');
  const expiresAt = now + LONGEST_SECONDS;
  const open = await db
    .selectFrom('console_session')
    .select('token_hash')
    .where('user_id', '=', userId)
    .orderBy('created_at', 'desc')
    .orderBy('token_hash')
    .execute();
  const tooMany = open.slice(MOST_SESSIONS - 1).map(({ token_hash }) => token_hash);
  if (tooMany.length > 0) await db.deleteFrom('console_session').where('token_hash', 'in', tooMany).execute();
  await db
    .insertInto('console_session')
    .values({
      ...{ token_hash: hashOf(token), user_id: userId },
      ...{ created_at: now, seen_at: now, expires_at: expiresAt },
    })
    .execute();
  return { token, expiresAt };
}

/** Who a cookie's value belongs to; undefined where it ended. `isStale` asks for {@link noteSeen}. */
export async function sessionUser(
  db: Kysely<Schema>,
  token: string,
  now: EpochSeconds,
): Promise<{ user: Selectable<ConsoleUserTable>; isStale: boolean } | undefined> {
  const found = await db
    .selectFrom('console_session')
    .innerJoin('console_user', 'console_user.user_id', 'console_session.user_id')
    .selectAll('console_user')
    .select('console_session.seen_at')
    .where('token_hash', '=', hashOf(token))
    .where('expires_at', '>', now)
    .where('seen_at', '>', now - IDLE_SECONDS)
    .where('disabled_at', 'is', null)
    .executeTakeFirst();
  if (found === undefined) return undefined;
  const { seen_at, ...user } = found;
  return { user, isStale: now - seen_at >= SEEN_SECONDS };
}

/** Notes that a session was used. */
export async function noteSeen(db: Kysely<Schema>, token: string, now: EpochSeconds): Promise<void> {
  await db
    .updateTable('console_session')
    .set({ seen_at: now })
    .where('token_hash', '=', hashOf(token))
    .execute();
}

/** Signs out in one place. */
export async function endSession(db: Kysely<Schema>, token: string): Promise<void> {
  await db.deleteFrom('console_session').where('token_hash', '=', hashOf(token)).execute();
}

/** Forgets what ended. */
export async function forgetSessions(db: Kysely<Schema>, now: EpochSeconds): Promise<void> {
  await db
    .deleteFrom('console_session')
    .where((where) => where.or([where('expires_at', '<=', now), where('seen_at', '<=', now - IDLE_SECONDS)]))
    .execute();
}

/** 256 random bits, which no dictionary holds. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
