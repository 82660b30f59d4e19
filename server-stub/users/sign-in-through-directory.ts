import type { Selectable } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Person } from '../oidc/directory.ts';
import type { OidcRole } from '../oidc/oidc-keys.ts';
import { roleOfGroups } from '../oidc/role-of-groups.ts';
import type { Store, Transaction } from '../store/database.ts';
import type { ConsoleUserTable } from '../store/schema.ts';
import { NO_PASSWORD } from './password.ts';
import { openFor, type SignedIn, tellOfSignIn } from './sign-in.ts';
import { createUser, findUser, requireAdmin, requireCompany, tell } from './users.ts';

/** Who left the directory is out after a working day, however busy; whoever is in it comes back with a click. */
const LONGEST_SECONDS = 12 * 3600;

type Row = Selectable<ConsoleUserTable>;

/**
 * Signs in a person whom the directory let in: as the user tied to them; else as the user of that name who waits for a
 * first owner, who is tied to them then; else, where a group of theirs may, as a new user. Neither the lock after wrong
 * passwords nor the code of an authenticator app is asked about: how people prove who they are is the directory's duty.
 *
 * @throws `oidc_not_allowed`, `oidc_name_taken`, `user_name_invalid`, `unknown_company`, `last_admin`
 */
export async function signInThroughDirectory(
  store: Store,
  { person, rules, from }: { person: Person; rules: readonly OidcRole[]; from: string },
  now: EpochSeconds,
): Promise<SignedIn> {
  return store.write(now, async (transaction) => {
    const { db } = transaction;
    const tied = await tiedTo(transaction, person);
    const user = tied ?? (await tie(transaction, person, rules));
    if (user.disabled_at !== null) throw new LicenseError('oidc_not_allowed', { name: user.name });
    const row = user.role_by_groups === 1 ? await followGroups(transaction, user, person, rules) : user;
    await db
      .updateTable('console_user')
      .set({ signed_in_at: now })
      .where('user_id', '=', row.user_id)
      .execute();
    await tellOfSignIn(transaction, row, {
      ...{ actor: `user:${row.name}`, action: 'user.sign-in', subject: row.name, from },
      detail: { method: 'oidc' },
    });
    return openFor(db, row.user_id, now, LONGEST_SECONDS);
  });
}

function tiedTo({ db }: Transaction, { issuer, subject }: Person): Promise<Row | undefined> {
  return db
    .selectFrom('console_user')
    .selectAll()
    .where('oidc_issuer', '=', issuer)
    .where('oidc_subject', '=', subject)
    .executeTakeFirst();
}

/** Ties a user to a person, once and for all: a name may be given to another in the directory. */
async function tie(transaction: Transaction, person: Person, rules: readonly OidcRole[]): Promise<Row> {
  const { db } = transaction;
  const { name, issuer, subject } = person;
  const row = (await findUser(db, name)) ?? (await newUser(transaction, person, rules));
  if (row.disabled_at !== null) throw new LicenseError('oidc_not_allowed', { name: row.name });
  // A user with a password of their own is somebody already: the directory's `admin` is not ours.
  if (row.oidc_subject !== null || row.must_change === 0)
    throw new LicenseError('oidc_name_taken', { name: row.name });
  const changed = await db
    .updateTable('console_user')
    .set({
      ...{ oidc_issuer: issuer, oidc_subject: subject },
      // The password to begin with is known to who gave it, and nobody needs it any more.
      ...{ password_hash: NO_PASSWORD, must_change: 0 },
    })
    .where('user_id', '=', row.user_id)
    .where('oidc_subject', 'is', null)
    .where('must_change', '=', 1)
    .returningAll()
    .executeTakeFirst();
  // On PostgreSQL another sign-in may have come between.
  if (changed === undefined) throw new LicenseError('oidc_name_taken', { name: row.name });
  const detail = { issuer, subject };
  await tell(transaction, row, {
    ...{ actor: `user:${row.name}`, action: 'user.directory', subject: row.name, detail },
  });
  return changed;
}

async function newUser(
  transaction: Transaction,
  { name, groups }: Person,
  rules: readonly OidcRole[],
): Promise<Row> {
  const may = roleOfGroups(groups, rules);
  if (may === undefined) throw new LicenseError('oidc_not_allowed', { name });
  const user = await createUser(transaction, { name, ...may, passwordHash: NO_PASSWORD }, 'server');
  return transaction.db
    .updateTable('console_user')
    .set({ role_by_groups: 1 })
    .where('user_id', '=', user.userId)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Who left a group loses what it gave; who is in none may nothing. */
async function followGroups(
  transaction: Transaction,
  row: Row,
  { groups }: Person,
  rules: readonly OidcRole[],
): Promise<Row> {
  const { db } = transaction;
  const may = roleOfGroups(groups, rules);
  if (may === undefined) throw new LicenseError('oidc_not_allowed', { name: row.name });
  if (may.role === row.role && may.cid === row.cid) return row;
  await requireCompany(db, may.cid);
  const changed = await db
    .updateTable('console_user')
    .set(may)
    .where('user_id', '=', row.user_id)
    .returningAll()
    .executeTakeFirstOrThrow();
  if (row.role === 'admin') await requireAdmin(db);
  // Of the companies of before and after.
  const seen = may.cid === row.cid ? row.cid : null;
  const entry = { actor: 'server', action: 'user.change', subject: row.name, detail: may };
  await tell(transaction, { cid: seen }, entry);
  return changed;
}
