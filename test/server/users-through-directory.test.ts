import { describe, expect, test } from 'vitest';
import type { Person } from '../../server-stub/oidc/directory.ts';
import type { OidcRole } from '../../server-stub/oidc/oidc-keys.ts';
import { hashPassword } from '../../server-stub/users/password.ts';
import { newTotpSecret } from '../../server-stub/users/second-factor.ts';
import { sessionUser } from '../../server-stub/users/sessions.ts';
import { changePassword, signIn } from '../../server-stub/users/sign-in.ts';
import { signInThroughDirectory } from '../../server-stub/users/sign-in-through-directory.ts';
import { changeUser, createUser, type UserChange } from '../../server-stub/users/users.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';
import { NOW } from '../support/world.ts';

endClusterAfterAll();

const PASSWORD = 'four words of mine';
const FROM = '192.0.2.1';
const ISSUER = 'https://directory.example.edu';
// Once: it is slow by design.
const passwordHash = await hashPassword(PASSWORD);

const person = (name: string, subject: string, ...groups: string[]): Person => ({
  ...{ issuer: ISSUER, subject, name, groups },
});

async function console(engine: (typeof ENGINES)[number], rules: readonly OidcRole[] = []) {
  const { store, world } = await TestServer.start({ engine });
  const write = <T>(work: Parameters<typeof store.write<T>>[1]) => store.write(NOW, work);
  const add = (name: string, role: 'admin' | 'operator' | 'viewer' = 'operator') =>
    write((transaction) => createUser(transaction, { name, role, cid: null, passwordHash }, 'operator:test'));
  const change = (name: string, wish: UserChange) =>
    write((transaction) => changeUser(transaction, name, wish, 'operator:test'));
  const enter = (who: Person, now = NOW) =>
    signInThroughDirectory(store, { person: who, rules, from: FROM }, now);
  const own = (name: string) =>
    changePassword(store, { name, present: PASSWORD, next: 'another four words', from: FROM }, NOW);
  const trail = async () =>
    (await store.reader.selectFrom('audit').selectAll().orderBy('seq').execute())
      .filter(({ action }) => action.startsWith('user.'))
      .map(({ actor, action, detail }) => `${actor} ${action} ${detail}`);
  return { store, world, add, change, enter, own, trail };
}

describe.each(ENGINES)('who comes through the directory, store in %s', (engine) => {
  test('is the user whom an administrator added, from then on whatever the name; nobody else gets in', async () => {
    const { store, add, enter, trail } = await console(engine);
    await add('alice');
    await throwsWithCode(enter(person('mallory', 'm')), 'oidc_not_allowed');
    const { user, token, expiresAt } = await enter(person('Alice', 'a'));
    expect(user).toMatchObject({
      name: 'alice',
      role: 'operator',
      directory: true,
      mustChangePassword: false,
    });
    expect(user.signedInAt).toBe(NOW);
    expect(expiresAt).toBe(NOW + 12 * 3600);
    expect((await sessionUser(store.reader, token, NOW))?.user.name).toBe('alice');
    // The password to begin with is over.
    await throwsWithCode(
      signIn(store, { name: 'alice', password: PASSWORD, from: FROM }, NOW),
      'sign_in_failed',
    );
    expect((await enter(person('alice.married', 'a'))).user.name).toBe('alice');
    expect(await trail()).toEqual([
      expect.stringMatching(/^operator:test user\.create /),
      `user:alice user.directory {"issuer":"${ISSUER}","subject":"a"}`,
      'user:alice user.sign-in {"method":"oidc","from":"192.0.2.1"}',
      'user:alice user.sign-in {"method":"oidc","from":"192.0.2.1"}',
    ]);
  });

  test('does not inherit a user by a name that was given to another, or at another directory', async () => {
    const { add, change, enter } = await console(engine);
    await add('root', 'admin');
    await add('alice');
    await enter(person('alice', 'a'));
    await throwsWithCode(enter(person('alice', 'b')), 'oidc_name_taken');
    const elsewhere = { ...person('alice', 'a'), issuer: 'https://other.example.edu' };
    await throwsWithCode(enter(elsewhere), 'oidc_name_taken');
    // Until an administrator says so.
    await change('alice', { passwordHash });
    expect((await enter(person('alice', 'b'))).user.name).toBe('alice');
    await throwsWithCode(enter(person('alice', 'a')), 'oidc_name_taken');
  });

  test('is not the user of that name who has a password of their own', async () => {
    const { add, enter, own } = await console(engine, [{ group: 'it', role: 'admin' }]);
    await add('admin', 'admin');
    await own('admin');
    await throwsWithCode(enter(person('admin', 'x', 'it')), 'oidc_name_taken');
  });

  test('stays out where an administrator disabled the user, before and after the first time', async () => {
    const { add, change, enter } = await console(engine, [{ group: 'it', role: 'viewer' }]);
    await add('root', 'admin');
    await add('alice');
    await change('alice', { disabled: true });
    await throwsWithCode(enter(person('alice', 'a', 'it')), 'oidc_not_allowed');
    await change('alice', { disabled: false });
    await enter(person('alice', 'a'));
    await change('alice', { disabled: true });
    await throwsWithCode(enter(person('alice', 'a', 'it')), 'oidc_not_allowed');
  });

  test('is asked for no code, and is not locked by those who guess the password', async () => {
    const { store, add, enter } = await console(engine);
    const { userId } = await add('alice');
    const lock = { totp_secret: newTotpSecret(), locked_until: NOW + 3600, failures: 9 };
    await store.write(NOW, ({ db }) =>
      db.updateTable('console_user').set(lock).where('user_id', '=', userId).execute(),
    );
    expect((await enter(person('alice', 'a'))).user.name).toBe('alice');
  });

  test('may what the groups may: made at the first sign-in, followed at each', async () => {
    const { world, add, change, enter, trail } = await console(engine, [
      { group: 'it', role: 'operator' },
      { group: 'staff', role: 'viewer', cid: '717241' },
    ]);
    expect(world.cid).toBe('717241');
    await throwsWithCode(enter(person('eve', 'e', 'pupils')), 'oidc_not_allowed');
    expect((await enter(person('eve', 'e', 'staff', 'it'))).user).toMatchObject({
      role: 'operator',
      cid: null,
    });
    const { user } = await enter(person('eve', 'e', 'staff'));
    expect(user).toMatchObject({ role: 'viewer', cid: '717241' });
    await throwsWithCode(enter(person('eve', 'e')), 'oidc_not_allowed');
    // What an administrator gives stays.
    await add('root', 'admin');
    await change('eve', { role: 'operator', cid: null });
    expect((await enter(person('eve', 'e'))).user).toMatchObject({ role: 'operator', cid: null });
    expect(await trail()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^server user\.create /),
        expect.stringMatching(/^server user\.change .*viewer/),
      ]),
    );
  });

  test('does not leave the server without an administrator, and no rule makes users of no company', async () => {
    const { enter } = await console(engine, [
      { group: 'it', role: 'admin' },
      { group: 'staff', role: 'viewer' },
      { group: 'lost', role: 'viewer', cid: 'nobody' },
    ]);
    await enter(person('eve', 'e', 'it'));
    await throwsWithCode(enter(person('eve', 'e', 'staff')), 'last_admin');
    await throwsWithCode(enter(person('bob', 'b', 'lost')), 'unknown_company');
    await throwsWithCode(enter(person('no name!', 'n', 'it')), 'user_name_invalid');
  });

  test('comes once where two browsers come for the first time at once', async () => {
    const { store, enter } = await console(engine, [{ group: 'it', role: 'viewer' }]);
    await Promise.allSettled([enter(person('eve', 'e', 'it')), enter(person('eve', 'e', 'it'))]);
    await enter(person('eve', 'e', 'it'));
    expect(await store.reader.selectFrom('console_user').select('name').execute()).toHaveLength(1);
  });
});
