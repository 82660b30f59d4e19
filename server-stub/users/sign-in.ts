import type { Kysely, Selectable } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { ConsoleUserTable } from '../store/console-tables.ts';
import type { Store, Transaction } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { hashPassword, isPassword, requireGoodPassword } from './password.ts';
import { totpStep } from './second-factor.ts';
import { openSession } from './sessions.ts';
import { endSessions, findUser, tell, type User, userOf } from './users.ts';

/** Wrong tries in a row that a user has; then each further one locks for twice as long as the one before. */
const FREE_FAILURES = 5;
const LOCK_SECONDS = 60;
const LONGEST_LOCK_SECONDS = 3600;

export interface SignInWish {
  readonly name: string;
  readonly password: string;
  /** Of the second factor, where the user has one. */
  readonly code?: string | undefined;
  /** Where it came from, for the trail. */
  readonly from: string;
}

export interface SignedIn {
  readonly user: User;
  readonly token: string;
  readonly expiresAt: EpochSeconds;
}

type Row = Selectable<ConsoleUserTable>;

/**
 * Signs a person in: a new session each time, so that none can be put under somebody beforehand. Whether the name or
 * the password was wrong is not told, nor in how much time it was found out.
 *
 * @throws `sign_in_failed`, `sign_in_locked`, `second_factor_required`
 */
export async function signIn(
  store: Store,
  { name, password, code, from }: SignInWish,
  now: EpochSeconds,
): Promise<SignedIn> {
  const row = await findUser(store.reader, name);
  // Before the costly part, so that a locked name costs an attacker's caller nothing of ours.
  if (row !== undefined) requireUnlocked(row, now);
  const isRight = await isPassword(password, row?.password_hash ?? (await nobody()));
  if (row === undefined || !isRight || row.disabled_at !== null) {
    if (row !== undefined) await countFailure(store, row, from, now);
    throw new LicenseError('sign_in_failed');
  }
  if (row.totp_secret === null) return enter(store, row, row.totp_step, from, now);
  if (code === undefined || code === '') throw new LicenseError('second_factor_required');
  const step = totpStep(row.totp_secret, code, row.totp_step, now);
  if (step === undefined) {
    await countFailure(store, row, from, now);
    throw new LicenseError('sign_in_failed');
  }
  return enter(store, row, step, from, now);
}

/**
 * Chooses a new password; everywhere else the user is signed out, and here signed in anew.
 *
 * @throws `sign_in_failed`, `sign_in_locked`, `password_weak`, `password_unchanged`
 */
export async function changePassword(
  store: Store,
  { name, present, next, from }: { name: string; present: string; next: string; from: string },
  now: EpochSeconds,
): Promise<SignedIn> {
  const row = await confirmPassword(store, { name, password: present, from }, now);
  if (next === present) throw new LicenseError('password_unchanged');
  requireGoodPassword(next, row.name);
  const password_hash = await hashPassword(next);
  return store.write(now, async (transaction) => {
    const { db } = transaction;
    await db
      .updateTable('console_user')
      .set({ password_hash, must_change: 0, failures: 0, locked_until: 0 })
      .where('user_id', '=', row.user_id)
      .execute();
    await endSessions(db, row.user_id);
    await tell(transaction, row, entryOf(row, 'user.password', from));
    return openFor(db, row.user_id, now);
  });
}

/**
 * The row of a user who is signed in and gives the password again.
 *
 * @throws `sign_in_failed`, `sign_in_locked`
 */
export async function confirmPassword(
  store: Store,
  { name, password, from }: Omit<SignInWish, 'code'>,
  now: EpochSeconds,
): Promise<Row> {
  const row = await findUser(store.reader, name);
  if (row === undefined) throw new LicenseError('sign_in_failed');
  requireUnlocked(row, now);
  if (await isPassword(password, row.password_hash)) return row;
  await countFailure(store, row, from, now);
  throw new LicenseError('sign_in_failed');
}

async function enter(
  store: Store,
  row: Row,
  totp_step: number,
  from: string,
  now: EpochSeconds,
): Promise<SignedIn> {
  return store.write(now, async (transaction) => {
    const { db } = transaction;
    // Two sign-ins with one code at once: one of them finds that it was taken.
    const { numUpdatedRows } = await db
      .updateTable('console_user')
      .set({ failures: 0, locked_until: 0, signed_in_at: now, totp_step })
      .where('user_id', '=', row.user_id)
      .where('disabled_at', 'is', null)
      .where('password_hash', '=', row.password_hash)
      .$if(row.totp_secret !== null, (query) => query.where('totp_step', '<', totp_step))
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw new LicenseError('sign_in_failed');
    await tellOfSignIn(transaction, row, entryOf(row, 'user.sign-in', from));
    return openFor(db, row.user_id, now);
  });
}

async function openFor(db: Kysely<Schema>, userId: string, now: EpochSeconds): Promise<SignedIn> {
  const user = await db
    .selectFrom('console_user')
    .selectAll()
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return { user: userOf(user), ...(await openSession(db, userId, now)) };
}

async function countFailure(store: Store, { user_id }: Row, from: string, now: EpochSeconds): Promise<void> {
  await store.write(now, async (transaction) => {
    const { db } = transaction;
    const row = await db
      .updateTable('console_user')
      .set(({ eb }) => ({ failures: eb('failures', '+', 1) }))
      .where('user_id', '=', user_id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const over = row.failures - FREE_FAILURES;
    if (over < 0) return;
    const seconds = Math.min(LOCK_SECONDS * 2 ** over, LONGEST_LOCK_SECONDS);
    await db
      .updateTable('console_user')
      .set({ locked_until: now + seconds })
      .where('user_id', '=', user_id)
      .execute();
    await tellOfSignIn(transaction, row, { ...entryOf(row, 'user.lock', from), detail: { seconds } });
  });
}

/** Behind its trail the clock takes no rows; who comes to set it right must get in all the same. */
async function tellOfSignIn(...[transaction, row, entry]: Parameters<typeof tell>): Promise<void> {
  try {
    await tell(transaction, row, entry);
  } catch (thrown) {
    if (!(thrown instanceof LicenseError && thrown.code === 'clock_behind_audit')) throw thrown;
  }
}

function requireUnlocked({ locked_until }: Row, now: EpochSeconds): void {
  if (now < locked_until) throw new LicenseError('sign_in_locked', { retryAfterSeconds: locked_until - now });
}

const entryOf = (
  { name }: Row,
  action: string,
  from: string,
): Parameters<Transaction['audit']['append']>[1] => ({
  ...{ actor: `user:${name}`, action, subject: name, from },
});

/** What is checked where there is no such user, so that it takes as long. */
let nobodysHash: Promise<string> | undefined;
function nobody(): Promise<string> {
  nobodysHash ??= hashPassword('nobody has this password');
  return nobodysHash;
}
