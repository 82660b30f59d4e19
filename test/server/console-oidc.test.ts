import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileDurably } from '#core/host/files.ts';
import { createTlsCertificates } from '../../server-stub/tls.ts';
import { ConsoleClient, OWN_PASSWORD } from '../support/console-client.ts';
import { TestDirectory, type TestDirectoryOptions } from '../support/directory.ts';
import { temporaryFolder } from '../support/folder.ts';
import { comeBack, enterThrough, FLOW_COOKIE, step } from '../support/oidc-browser.ts';
import { TestServer } from '../support/server.ts';

const SESSION = '__Host-license-console';
const START = '/console/api/session/oidc';
/** Where a browser ends that was not let in. */
const failed = (code: string) => `/console/?failure=${code}`;
const OPERATORS = { LICENSE_SERVER_OIDC_ROLES: JSON.stringify([{ group: 'it', role: 'operator' }]) };

/** A server whose directory knows alice, of group `it`. */
async function school({
  env = {},
  ...options
}: TestDirectoryOptions & { env?: Readonly<Record<string, string>> } = {}) {
  const directory = await TestDirectory.start(options);
  directory.add('alice', 'subject-1', { groups: ['it'] });
  const server = await TestServer.start({ env: { ...directory.env, ...OPERATORS, ...env } });
  // Tokens are judged by the machine's time.
  server.clock.run();
  await directory.serve(server.url);
  return { directory, server };
}

test('somebody of the directory gets a new session each time, and a cookie like any other', async () => {
  const { directory, server } = await school();
  const { callback, cookies } = await comeBack(server, directory, 'subject-1');
  const first = await step(callback, cookies);
  expect([first.status, first.location]).toEqual([303, '/console/']);
  expect(first.setCookie).toEqual([
    expect.stringMatching(
      /^__Host-license-console-oidc=; Max-Age=0; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
    ),
    expect.stringMatching(
      /^__Host-license-console=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    ),
  ]);
  const client = new ConsoleClient(server);
  client.cookie = first.cookies[SESSION];
  expect((await client.get('/session')).body).toMatchObject({ name: 'alice', role: 'operator', cid: null });
  // A session that somebody put there beforehand is not the one they get, and it ends.
  const again = await comeBack(server, directory, 'subject-1');
  const second = await step(again.callback, { ...again.cookies, [SESSION]: client.cookie ?? '' });
  expect(second.cookies[SESSION]).not.toBe(client.cookie);
  expect((await client.get('/session')).body.error).toBe('session_ended');
  const rows = await server.store.reader.selectFrom('audit').selectAll().orderBy('seq', 'desc').execute();
  expect(rows[0]).toMatchObject({
    actor: 'user:alice',
    action: 'user.sign-in',
    detail: '{"method":"oidc","from":"127.0.0.1"}',
  });
});

test('the directory is asked with PKCE, state and nonce, and the browser keeps its part where no script reads', async () => {
  const { directory, server } = await school();
  const { location, setCookie } = await step(server.url + START);
  const asked = new URL(location);
  expect(asked.origin).toBe(directory.url);
  expect(Object.fromEntries(asked.searchParams)).toMatchObject({
    ...{ response_type: 'code', code_challenge_method: 'S256', scope: 'openid profile' },
    redirect_uri: `${server.url}${START}/callback`,
  });
  for (const name of ['state', 'nonce', 'code_challenge'])
    expect(asked.searchParams.get(name)).toMatch(/^[\w-]{43}$/);
  expect(setCookie).toEqual([
    expect.stringMatching(
      /^__Host-license-console-oidc=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    ),
  ]);
  // The redirect address is the one configured, whatever Host a request names.
  const fixed = await school({ env: { LICENSE_SERVER_OIDC_CONSOLE_URL: 'https://licenses.example.edu' } });
  const configured = new URL((await step(fixed.server.url + START)).location);
  expect(configured.searchParams.get('redirect_uri')).toBe(
    'https://licenses.example.edu/console/api/session/oidc/callback',
  );
  expect((await new ConsoleClient(fixed.server).get('/session/ways')).body.directory.url).toBe(
    'https://licenses.example.edu/console/api/session/oidc',
  );
});

type School = Awaited<ReturnType<typeof school>>;
type Return = Awaited<ReturnType<typeof comeBack>>;

test.each<[what: string, code: string, attack: (back: Return, school: School) => ReturnType<typeof step>]>([
  ['comes to a browser that began nothing', 'oidc_ended', ({ callback }) => step(callback)],
  [
    'has another state',
    'oidc_ended',
    ({ callback, cookies }) => step(callback.replace(/state=[\w-]+/, `state=${'x'.repeat(43)}`), cookies),
  ],
  [
    'has no state',
    'oidc_ended',
    ({ callback, cookies }) => step(callback.replace(/state=[\w-]+&?/, ''), cookies),
  ],
  [
    "is the attacker's, in the browser of somebody else who is signing in",
    'oidc_ended',
    async ({ callback }, { server }) => step(callback, (await step(server.url + START)).cookies),
  ],
  [
    'comes with a cookie that is none',
    'oidc_ended',
    ({ callback }) => step(callback, { [FLOW_COOKIE]: 'e30' }),
  ],
  [
    'comes too late',
    'oidc_ended',
    async ({ callback, cookies }, { server }) => {
      const { now } = server.clock;
      server.clock.now = () => now() + 601;
      return step(callback, cookies);
    },
  ],
  [
    'comes twice',
    'oidc_refused',
    async ({ callback, cookies }) => {
      expect((await step(callback, cookies)).location).toBe('/console/');
      return step(callback, cookies);
    },
  ],
  [
    'holds a code that was stolen from another browser',
    'oidc_refused',
    async ({ callback }, { server }) => {
      const { location, cookies } = await step(server.url + START);
      const own = new URL(callback);
      own.searchParams.set('state', new URL(location).searchParams.get('state') ?? '');
      return step(own.href, cookies);
    },
  ],
  [
    'is a no',
    'oidc_refused',
    ({ callback, cookies }) => step(callback.replace(/code=[\w-]+/, 'error=access_denied'), cookies),
  ],
  [
    'is of another directory',
    'oidc_invalid',
    ({ callback, cookies }) => step(callback.replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fevil.example'), cookies),
  ],
])('an answer that %s signs nobody in: %s', async (_, code, attack) => {
  const school_ = await school();
  const answer = await attack(await comeBack(school_.server, school_.directory, 'subject-1'), school_);
  expect([answer.status, answer.location]).toEqual([303, failed(code)]);
  expect(answer.cookies).toEqual({});
});

test.each<[string, NonNullable<TestDirectory['forge']>]>([
  ['has another nonce', (claims) => ({ ...claims, nonce: 'x'.repeat(43) })],
  ['has no nonce', ({ nonce: _, ...claims }) => claims],
  ['is for another program', (claims) => ({ ...claims, aud: 'another' })],
  ['is of another issuer', (claims) => ({ ...claims, iss: 'https://evil.example' })],
  ['has ended', (claims) => ({ ...claims, iat: 1_700_000_000, exp: 1_700_000_060 })],
  ['names nobody', ({ sub: _, ...claims }) => claims],
])('a token that %s is not believed', async (_, forge) => {
  const { directory, server } = await school();
  directory.forge = forge;
  const { location, cookies } = await enterThrough(server, directory, 'subject-1');
  expect([location, cookies]).toEqual([failed('oidc_invalid'), {}]);
  expect(await server.store.reader.selectFrom('console_user').selectAll().execute()).toEqual([]);
});

test('a token that the directory did not sign is not believed', async () => {
  const { directory, server } = await school();
  directory.forge = (claims) => ({ ...claims, preferred_username: 'admin' });
  directory.breakSignature = true;
  expect((await enterThrough(server, directory, 'subject-1')).location).toBe(failed('oidc_invalid'));
});

test('a name that another has in the directory today does not open the user', async () => {
  const { directory, server } = await school();
  expect((await enterThrough(server, directory, 'subject-1')).location).toBe('/console/');
  directory.add('alice', 'subject-2', { groups: ['it'] });
  const { location } = await enterThrough(server, directory, 'subject-2');
  expect(location).toBe(failed('oidc_name_taken'));
});

test('who is in no group and was not added stays out; who was disabled does too', async () => {
  const { directory, server } = await school();
  directory.add('pupil', 'subject-3', { groups: ['pupils'] });
  const pupil = await enterThrough(server, directory, 'subject-3');
  expect(pupil.location).toBe(failed('oidc_not_allowed'));
  const admin = await ConsoleClient.signedIn(server);
  expect((await enterThrough(server, directory, 'subject-1')).location).toBe('/console/');
  await admin.send('PATCH', '/users/alice', { disabled: true });
  const alice = await enterThrough(server, directory, 'subject-1');
  expect([alice.location, alice.cookies]).toEqual([failed('oidc_not_allowed'), {}]);
});

test.each([
  ['no name', { preferred_username: undefined }, 'preferred_username'],
  ['an address that nobody verified', { email: 'admin@example.edu', email_verified: false }, 'email'],
  ['an address without a word of that', { email: 'admin@example.edu' }, 'email'],
])('%s is not taken for a name', async (_, claims, claim) => {
  const env = { LICENSE_SERVER_OIDC_NAME_CLAIM: claim, LICENSE_SERVER_OIDC_SCOPE: 'openid profile email' };
  const { directory, server } = await school({ env });
  directory.add('alice', 'subject-1', { groups: ['it'], ...claims });
  const { location } = await enterThrough(server, directory, 'subject-1');
  expect(location).toBe(failed('oidc_name_missing'));
});

test('a verified address may be the name, and claims may stand in the token itself', async () => {
  const env = { LICENSE_SERVER_OIDC_NAME_CLAIM: 'email', LICENSE_SERVER_OIDC_SCOPE: 'openid profile email' };
  const { directory, server } = await school({ env });
  directory.inToken = true;
  await directory.serve(server.url);
  const email = { email: 'alice@example.edu', email_verified: true };
  directory.add('alice', 'subject-1', { groups: 'it', ...email });
  expect((await enterThrough(server, directory, 'subject-1')).location).toBe('/console/');
  const { name } = await server.store.reader
    .selectFrom('console_user')
    .select('name')
    .executeTakeFirstOrThrow();
  expect(name).toBe('alice@example.edu');
});

test('a client without a secret is protected by PKCE alone', async () => {
  const { directory, server } = await school({ isPublic: true });
  expect((await enterThrough(server, directory, 'subject-1')).location).toBe('/console/');
});

test('a directory that is away keeps nobody from the password, and is found when it is back', async () => {
  const directory = await TestDirectory.start();
  directory.add('alice', 'subject-1', { groups: ['it'] });
  const server = await TestServer.start({ env: { ...directory.env, ...OPERATORS } });
  server.clock.run();
  const client = await ConsoleClient.signedIn(server);
  const away = await step(server.url + START);
  expect([away.status, away.location]).toEqual([303, failed('oidc_unreachable')]);
  expect((await client.post('/session', { name: 'admin', password: OWN_PASSWORD })).status).toBe(200);
  await directory.serve(server.url);
  const { callback, cookies } = await comeBack(server, directory, 'subject-1');
  directory.stop();
  expect((await step(callback, cookies)).location).toBe(failed('oidc_unreachable'));
  expect((await step(server.url + START)).status).toBe(303);
});

test('a directory is believed under an authority that is trusted, and under no other', async () => {
  const tls = await createTlsCertificates(['localhost']);
  const caFile = join(temporaryFolder(), 'ca.pem');
  writeFileDurably(caFile, tls.authority, 0o644);
  const stranger = await school({ tls });
  expect((await step(stranger.server.url + START)).location).toBe(failed('oidc_unreachable'));
  const { server } = await school({ tls, env: { LICENSE_SERVER_OIDC_CA_FILE: caFile } });
  expect((await step(server.url + START)).location).toMatch(/^https:\/\/localhost:\d+\/auth\?/);
});

test('answers that are not believed are bounded for a network', async () => {
  const { server } = await school();
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => step(`${server.url}${START}/callback?code=x&state=y`)),
  );
  const told = new Set(answers.map(({ location }) => location));
  expect(told).toEqual(new Set([failed('oidc_ended'), failed('rate_limited')]));
});

test('the sign-in page learns whether there is a directory, and in words of ours why it failed', async () => {
  const without = await TestServer.start();
  const bare = new ConsoleClient(without);
  expect((await bare.get('/session/ways')).body).toEqual({ directory: null, failure: null });
  expect(await step(without.url + START)).toMatchObject({ location: '', cookies: {} });
  const { server } = await school({ env: { LICENSE_SERVER_OIDC_NAME: '统一身份认证' } });
  const client = new ConsoleClient(server);
  expect((await client.get('/session/ways?failure=oidc_not_allowed')).body).toEqual({
    directory: { name: '统一身份认证', url: '/console/api/session/oidc' },
    failure: expect.stringMatching(/^统一身份认证已通过，但该用户未获准在此登录。请联系管理员/),
  });
  const english = { 'accept-language': 'en' };
  const { body } = await client.send('GET', '/session/ways?failure=oidc_ended', undefined, english);
  expect(body.failure).toMatch(/^this sign-in was not begun in this browser, or too long ago\. Begin again/);
  for (const failure of ['toString', 'Call%20this%20number', '%3Cscript%3E'])
    expect((await client.get(`/session/ways?failure=${failure}`)).body.failure).toBeNull();
});
