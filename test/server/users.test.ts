import { TOTP } from 'otpauth';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../server-stub/store/database.ts';
import { hashPassword, isPassword } from '../../server-stub/users/password.ts';
import { newTotpSecret } from '../../server-stub/users/second-factor.ts';
import { forgetSessions, noteSeen, sessionUser } from '../../server-stub/users/sessions.ts';
import { changePassword, signIn } from '../../server-stub/users/sign-in.ts';
import { changeUser, createUser, listUsers, type UserChange } from '../../server-stub/users/users.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { runHere } from '../support/run-here.ts';
import { TestServer } from '../support/server.ts';
import { createServerFolder } from '../support/server-folder.ts';
import { throwsWithCode } from '../support/throws.ts';
import { NOW } from '../support/world.ts';

endClusterAfterAll();

const PASSWORD = 'four words of mine';
const OTHER = 'another four words';
const FROM = '192.0.2.1';
// Once: it is slow by design.
const passwordHash = await hashPassword(PASSWORD);

async function console(engine: (typeof ENGINES)[number]) {
  const { store, world } = await TestServer.start({ engine });
  const add = (name: string, role: 'admin' | 'operator' | 'viewer' = 'admin', cid: string | null = null) =>
    store.write(NOW, (transaction) =>
      createUser(transaction, { name, role, cid, passwordHash }, 'operator:test'),
    );
  const change = (name: string, wish: UserChange) =>
    store.write(NOW, (transaction) => changeUser(transaction, name, wish, 'operator:test'));
  const enter = (name: string, password = PASSWORD, more: { code?: string; at?: number } = {}) =>
    signIn(store, { name, password, code: more.code, from: FROM }, more.at ?? NOW);
  const who = async (token: string, at = NOW) => (await sessionUser(store.reader, token, at))?.user.name;
  const trail = async () =>
    (await store.reader.selectFrom('audit').select(['action', 'subject']).orderBy('seq').execute())
      .filter(({ action }) => action.startsWith('user.'))
      .map(({ action, subject }) => `${action} ${subject}`);
  return { store, world, add, change, enter, who, trail };
}

test('a password is kept as argon2id, each time with another salt', async () => {
  const again = await hashPassword(PASSWORD);
  expect(again).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(again).not.toBe(passwordHash);
  expect(await isPassword(PASSWORD, again)).toBe(true);
  expect(await isPassword(`${PASSWORD} `, again)).toBe(false);
  expect(await isPassword(PASSWORD, 'no hash')).toBe(false);
  // One password of two keyboards.
  expect(await isPassword('cafe\u0301 au lait', await hashPassword('caf\u00e9 au lait'))).toBe(true);
});

describe.each(ENGINES)('who signs in to the Console, store in %s', (engine) => {
  test('a session lives while it is used, and a week at most; each sign-in makes another', async () => {
    const { store, add, enter, who, trail } = await console(engine);
    await add('Alice');
    const one = await enter('alice');
    const two = await enter('ALICE');
    expect(one.token).not.toBe(two.token);
    expect(one.user).toMatchObject({ name: 'alice', role: 'admin', mustChangePassword: true });
    expect([await who(one.token), await who(`${one.token}x`)]).toEqual(['alice', undefined]);
    const hours = (count: number) => NOW + count * 3600;
    expect(await who(one.token, hours(12))).toBeUndefined();
    for (let hour = 10; hour < 168; hour += 10)
      await store.write(hours(hour), ({ db }) => noteSeen(db, one.token, hours(hour)));
    expect([await who(one.token, hours(167)), await who(one.token, hours(168))]).toEqual([
      'alice',
      undefined,
    ]);
    await store.write(hours(24), ({ db }) => forgetSessions(db, hours(24)));
    expect(await who(two.token)).toBeUndefined();
    expect(await trail()).toEqual(['user.create alice', 'user.sign-in alice', 'user.sign-in alice']);
    const kept = JSON.stringify(await store.reader.selectFrom('console_session').selectAll().execute());
    expect(kept).not.toContain(one.token);
  });

  test('wrong passwords lock a name for longer and longer; a right one in time begins anew', async () => {
    const { add, enter, change, trail } = await console(engine);
    await add('bob');
    for (let tried = 0; tried < 4; tried += 1) await throwsWithCode(enter('bob', 'wrong'), 'sign_in_failed');
    await enter('bob');
    for (let tried = 0; tried < 5; tried += 1) await throwsWithCode(enter('bob', 'wrong'), 'sign_in_failed');
    const locked = await throwsWithCode(enter('bob'), 'sign_in_locked');
    expect(locked.detail).toMatchObject({ retryAfterSeconds: 60 });
    await throwsWithCode(enter('bob', 'wrong', { at: NOW + 60 }), 'sign_in_failed');
    const longer = await throwsWithCode(enter('bob', PASSWORD, { at: NOW + 61 }), 'sign_in_locked');
    expect(longer.detail).toMatchObject({ retryAfterSeconds: 119 });
    await change('bob', { passwordHash });
    await enter('bob', PASSWORD, { at: NOW + 62 });
    expect((await trail()).filter((line) => line.startsWith('user.lock'))).toHaveLength(2);
    // A name that nobody has is refused with the same words.
    await throwsWithCode(enter('nobody'), 'sign_in_failed');
  });

  test('a code of the second factor is taken once, and an earlier one never after it', async () => {
    const { store, add, enter, change } = await console(engine);
    const { userId } = await add('carol');
    const secret = newTotpSecret();
    await store.write(NOW, ({ db }) =>
      db.updateTable('console_user').set({ totp_secret: secret }).where('user_id', '=', userId).execute(),
    );
    const codeAt = (at: number) => new TOTP({ secret }).generate({ timestamp: at * 1000 });
    await throwsWithCode(enter('carol'), 'second_factor_required');
    await throwsWithCode(enter('carol', 'wrong', { code: codeAt(NOW) }), 'sign_in_failed');
    await throwsWithCode(enter('carol', PASSWORD, { code: codeAt(NOW - 300) }), 'sign_in_failed');
    const both = await Promise.allSettled([
      enter('carol', PASSWORD, { code: codeAt(NOW) }),
      enter('carol', PASSWORD, { code: codeAt(NOW) }),
    ]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await throwsWithCode(enter('carol', PASSWORD, { code: codeAt(NOW) }), 'sign_in_failed');
    await throwsWithCode(enter('carol', PASSWORD, { code: codeAt(NOW - 30) }), 'sign_in_failed');
    expect((await enter('carol', PASSWORD, { code: codeAt(NOW + 30), at: NOW + 30 })).user.secondFactor).toBe(
      true,
    );
    await change('carol', { withoutSecondFactor: true, passwordHash });
    await enter('carol');
  });

  test('a new password ends all sessions but the one it is chosen in', async () => {
    const { store, add, enter, who } = await console(engine);
    await add('dave');
    const before = await enter('dave');
    const choose = (next: string, present = PASSWORD) =>
      changePassword(store, { name: 'dave', present, next, from: FROM }, NOW);
    await throwsWithCode(choose(OTHER, 'wrong'), 'sign_in_failed');
    await throwsWithCode(choose(PASSWORD), 'password_unchanged');
    for (const weak of ['short', 'aaaaaaaaaaaa', 'my name is Dave', 'x'.repeat(129)])
      await throwsWithCode(choose(weak), 'password_weak');
    const { user, token } = await choose(OTHER);
    expect(user.mustChangePassword).toBe(false);
    expect([await who(before.token), await who(token)]).toEqual([undefined, 'dave']);
    await throwsWithCode(enter('dave'), 'sign_in_failed');
    await enter('dave', OTHER);
  });

  test('whoever is changed is signed out; the last administrator stays', async () => {
    const { add, change, enter, who, store, world } = await console(engine);
    await add('admin');
    await add('eve', 'operator', world.cid);
    const { token } = await enter('eve');
    await change('eve', { role: 'viewer' });
    expect(await who(token)).toBeUndefined();
    await change('eve', { disabled: true });
    await throwsWithCode(enter('eve'), 'sign_in_failed');
    await throwsWithCode(change('admin', { disabled: true }), 'last_admin');
    await throwsWithCode(change('admin', { role: 'viewer' }), 'last_admin');
    await throwsWithCode(change('eve', { role: 'admin' }), 'admin_of_one_company');
    await throwsWithCode(add('Eve'), 'user_exists');
    await throwsWithCode(add('x', 'viewer', 'nowhere'), 'unknown_company');
    for (const name of ['', '-x', 'a b', '<b>', 'x'.repeat(65)])
      await throwsWithCode(add(name), 'user_name_invalid');
    await throwsWithCode(change('nobody', {}), 'unknown_user');
    await add('张老师');
    expect((await listUsers(store.reader)).map(({ name, role }) => [name, role])).toEqual([
      ['admin', 'admin'],
      ['eve', 'viewer'],
      ['张老师', 'admin'],
    ]);
  });
});

test('the commands make, list, change, reset, disable and enable users, in both languages', async () => {
  const folder = await createServerFolder();
  const run = (...args: string[]) =>
    runHere('server', { args, env: { LICENSE_SERVER_STATE_DIR: folder.stateDir } });
  const ask = async (...args: string[]) => JSON.parse((await run('users', ...args, '--json')).stdout);
  expect((await run('users', 'list')).stdout).toContain('users add NAME --role admin');
  const { password } = await ask('add', 'admin', '--role', 'admin');
  expect(password).toMatch(/^[a-z2-9]{4}(-[a-z2-9]{4}){3}$/);
  const told = await run('users', 'add', 'eve', '--role', 'operator', '--cid', folder.world.cid);
  expect(told.stdout).toContain('shown this once');
  expect(await ask('change', 'eve', '--cid', 'all')).toMatchObject({ role: 'operator', cid: null });
  expect(await ask('disable', 'eve')).toMatchObject({ disabledAt: expect.any(Number) });
  expect((await run('users', 'list')).stdout).toMatch(/eve +operator +all +no +– +disabled \d{4}/);
  expect(await ask('enable', 'eve')).toMatchObject({ disabledAt: null });
  expect(await ask('disable', 'admin')).toMatchObject({ error: 'last_admin' });
  const again = await ask('reset', 'admin', '--second-factor');
  const store = await openStore(folder.store);
  const now = Math.floor(Date.now() / 1000);
  const enter = (text: string) => signIn(store, { name: 'admin', password: text, from: FROM }, now);
  await throwsWithCode(enter(password), 'sign_in_failed');
  expect((await enter(again.password)).user.mustChangePassword).toBe(true);
  await store.close();
});
