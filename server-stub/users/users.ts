import type { Kysely, Selectable } from 'kysely';
import { LicenseError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { ConsoleUserTable } from '../store/console-tables.ts';
import type { Transaction } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import type { Role } from './role.ts';

export interface UserWish {
  readonly name: string;
  readonly role: Role;
  /** The one company that the person sees; null: all. */
  readonly cid: string | null;
  /** As hashPassword made it; the person chooses another at the first sign-in. */
  readonly passwordHash: string;
}

/** What may be told of a user. */
export interface User {
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  readonly cid: string | null;
  readonly mustChangePassword: boolean;
  readonly secondFactor: boolean;
  readonly createdAt: number;
  readonly signedInAt: number | null;
  readonly disabledAt: number | null;
}

/**
 * Lets a person sign in to the Console.
 *
 * @throws `user_exists`, `unknown_company`, `user_name_invalid`, `admin_of_one_company`
 */
export async function createUser(transaction: Transaction, wish: UserWish, actor: string): Promise<User> {
  const { db, audit } = transaction;
  const { role, cid, passwordHash } = wish;
  const name = nameOf(wish.name);
  if (role === 'admin' && cid !== null) throw new LicenseError('admin_of_one_company');
  await requireCompany(db, cid);
  if ((await findUser(db, name)) !== undefined) throw new LicenseError('user_exists', { name });
  const row = {
    ...{ user_id: newId(), name, role, cid, password_hash: passwordHash, must_change: 1 },
    ...{ created_at: audit.wallClock, disabled_at: null, signed_in_at: null, totp_secret: null },
  };
  await db.insertInto('console_user').values(row).execute();
  await tell(transaction, { cid }, { actor, action: 'user.create', subject: name, detail: { role, cid } });
  return requireUser(db, name);
}

/** What an administrator changes of a user. */
export interface UserChange {
  readonly role?: Role | undefined;
  readonly cid?: string | null | undefined;
  readonly disabled?: boolean | undefined;
  /** A password to begin with: for who forgot theirs. Lock and sessions end. */
  readonly passwordHash?: string | undefined;
  /** Ends the second factor: for who lost the device. */
  readonly withoutSecondFactor?: boolean | undefined;
}

/**
 * Changes what a user is or may; whoever is changed signs in anew.
 *
 * @throws `unknown_user`, `unknown_company`, `admin_of_one_company`; `last_admin` where nobody would be left who may
 * change it back
 */
export async function changeUser(
  transaction: Transaction,
  name: string,
  { role, cid, disabled, passwordHash, withoutSecondFactor = false }: UserChange,
  actor: string,
): Promise<User> {
  const { db, audit } = transaction;
  const before = await requireRow(db, name);
  const next = { role: role ?? before.role, cid: cid === undefined ? before.cid : cid };
  if (next.role === 'admin' && next.cid !== null) throw new LicenseError('admin_of_one_company');
  await requireCompany(db, next.cid);
  const disabledAt = disabled === undefined ? before.disabled_at : disabled ? audit.wallClock : null;
  await db
    .updateTable('console_user')
    .set({
      ...next,
      disabled_at: disabledAt,
      ...(passwordHash !== undefined && { password_hash: passwordHash, must_change: 1 }),
      ...(passwordHash !== undefined && { failures: 0, locked_until: 0 }),
      ...(withoutSecondFactor && { totp_secret: null, totp_step: 0 }),
    })
    .where('user_id', '=', before.user_id)
    .execute();
  await requireAdmin(db);
  await endSessions(db, before.user_id);
  const detail = {
    ...(role !== undefined && { role }),
    ...(cid !== undefined && { cid }),
    ...(disabled !== undefined && { disabled }),
    ...(passwordHash !== undefined && { password: 'reset' }),
    ...(withoutSecondFactor && { secondFactor: 'removed' }),
  };
  // Of the companies of before and after.
  const seen = next.cid === before.cid ? before.cid : null;
  await tell(transaction, { cid: seen }, { actor, action: 'user.change', subject: before.name, detail });
  return requireUser(db, before.name);
}

/** All users, by name. */
export async function listUsers(db: Kysely<Schema>): Promise<User[]> {
  return (await db.selectFrom('console_user').selectAll().orderBy('name').execute()).map(userOf);
}

/** @throws `unknown_user` */
export async function requireUser(db: Kysely<Schema>, name: string): Promise<User> {
  return userOf(await requireRow(db, name));
}

/** The row of a user by name, however it is written; undefined where there is none. */
export function findUser(
  db: Kysely<Schema>,
  name: string,
): Promise<Selectable<ConsoleUserTable> | undefined> {
  return db.selectFrom('console_user').selectAll().where('name', '=', plain(name)).executeTakeFirst();
}

/** Ends all that a user is signed in to. */
export async function endSessions(db: Kysely<Schema>, userId: string): Promise<void> {
  await db.deleteFrom('console_session').where('user_id', '=', userId).execute();
}

/** What may be told of a user's row. */
export function userOf(row: Selectable<ConsoleUserTable>): User {
  return {
    userId: row.user_id,
    name: row.name,
    role: row.role,
    cid: row.cid,
    mustChangePassword: row.must_change === 1,
    secondFactor: row.totp_secret !== null,
    createdAt: row.created_at,
    signedInAt: row.signed_in_at,
    disabledAt: row.disabled_at,
  };
}

type TrailEntry = Parameters<Transaction['audit']['append']>[1];

/** Users are not a company's; what happens to one stands in the trail of each company that the user may see. */
export async function tell(
  { db, audit }: Transaction,
  { cid }: Pick<ConsoleUserTable, 'cid'>,
  entry: TrailEntry,
): Promise<void> {
  const companies = await db
    .selectFrom('company')
    .select('cid')
    .$if(cid !== null, (query) => query.where('cid', '=', cid as string))
    .execute();
  for (const company of companies) await audit.append(company.cid, entry);
}

async function requireRow(db: Kysely<Schema>, name: string): Promise<Selectable<ConsoleUserTable>> {
  const row = await findUser(db, name);
  if (row === undefined) throw new LicenseError('unknown_user', { name });
  return row;
}

async function requireCompany(db: Kysely<Schema>, cid: string | null): Promise<void> {
  if (cid === null) return;
  const company = await db.selectFrom('company').select('cid').where('cid', '=', cid).executeTakeFirst();
  if (company === undefined) throw new LicenseError('unknown_company', { cid });
}

async function requireAdmin(db: Kysely<Schema>): Promise<void> {
  const admin = await db
    .selectFrom('console_user')
    .select('user_id')
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .executeTakeFirst();
  if (admin === undefined) throw new LicenseError('last_admin');
}

/** One spelling of a name: `Ｚhang` and `zhang` are one person. */
const plain = (name: string) => name.normalize('NFKC').toLowerCase();

/** @throws `user_name_invalid` */
function nameOf(name: string): string {
  const wanted = plain(name);
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u.test(wanted)) throw new LicenseError('user_name_invalid');
  return wanted;
}
