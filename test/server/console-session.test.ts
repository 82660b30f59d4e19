import { TOTP } from 'otpauth';
import { describe, expect, test } from 'vitest';
import { createUser } from '../../server-stub/users/users.ts';
import { ConsoleClient, FIRST_PASSWORD, OWN_PASSWORD } from '../support/console-client.ts';
import { TestServer } from '../support/server.ts';

const signIn = { name: 'admin', password: OWN_PASSWORD };

describe('signing in to the Console', () => {
  test('gives a cookie that no script reads, no other site sends and no plain connection carries', async () => {
    const server = await TestServer.start();
    const client = await ConsoleClient.signedIn(server);
    const { status, headers, body } = await client.post('/session', signIn);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...{ name: 'admin', role: 'admin', cid: null, mustChangePassword: false, secondFactor: false },
      zone: 'Asia/Shanghai',
    });
    expect(headers.get('set-cookie')).toMatch(
      /^__Host-license-console=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(headers.get('cache-control')).toBe('no-store');
    expect((await client.get('/session')).body.name).toBe('admin');
  });

  test('makes a new session, whatever cookie was there, and ends the one before', async () => {
    const server = await TestServer.start();
    const client = await ConsoleClient.signedIn(server);
    const before = client.cookie;
    await client.post('/session', signIn);
    expect(client.cookie).not.toBe(before);
    const fixed = new ConsoleClient(server);
    fixed.cookie = before;
    expect((await fixed.get('/session')).body.error).toBe('session_ended');
    fixed.cookie = 'chosen-by-somebody-else';
    await fixed.post('/session', signIn);
    expect(fixed.cookie).toMatch(/^[\w-]{43}$/);
  });

  test('ends where somebody signs out, and no browser is asked for a password by itself', async () => {
    const server = await TestServer.start();
    const client = await ConsoleClient.signedIn(server);
    const { cookie } = client;
    expect((await client.delete('/session')).status).toBe(204);
    expect(client.cookie).toBeUndefined();
    client.cookie = cookie;
    const ended = await client.get('/session');
    expect([ended.status, ended.body.error]).toEqual([401, 'session_ended']);
    expect(ended.headers.get('www-authenticate')).toBeNull();
  });

  test('takes another password first where an administrator chose it', async () => {
    const server = await TestServer.start();
    const client = await ConsoleClient.signedIn(server);
    const { passwordHash } = await ownHash(server);
    await server.store.write(server.clock.now(), (transaction) =>
      createUser(transaction, { name: 'new', role: 'viewer', cid: null, passwordHash }, 'operator:test'),
    );
    const fresh = new ConsoleClient(server);
    expect((await fresh.post('/session', { name: 'new', password: OWN_PASSWORD })).body).toMatchObject({
      mustChangePassword: true,
    });
    const early = await fresh.get('/session/second-factor');
    expect([early.status, early.body.error]).toEqual([403, 'password_change_required']);
    await fresh.put('/session/password', { present: OWN_PASSWORD, next: FIRST_PASSWORD });
    expect((await fresh.get('/session/second-factor')).status).toBe(200);
    expect((await client.get('/session')).status).toBe(200);
  });

  test('takes a code where the user has a second factor, which the user sets up alone', async () => {
    const server = await TestServer.start();
    const client = await ConsoleClient.signedIn(server);
    const { secret, uri } = (await client.get('/session/second-factor')).body;
    expect(uri).toContain(`secret=${secret}`);
    const codeAt = (steps = 0) =>
      new TOTP({ secret }).generate({ timestamp: (server.clock.time + steps * 30) * 1000 });
    const change = (password: string, code: string) =>
      client.put('/session/second-factor', { password, next: { secret, code } });
    expect((await change('wrong', codeAt())).body.error).toBe('sign_in_failed');
    expect((await change(OWN_PASSWORD, '000000')).body.error).toBe('sign_in_failed');
    expect((await change(OWN_PASSWORD, codeAt())).body).toMatchObject({ secondFactor: true });
    const other = new ConsoleClient(server);
    expect((await other.post('/session', signIn)).body.error).toBe('second_factor_required');
    expect((await other.post('/session', { ...signIn, code: codeAt() })).body.error).toBe('sign_in_failed');
    expect((await other.post('/session', { ...signIn, code: codeAt(1) })).status).toBe(200);
    expect((await client.put('/session/second-factor', { password: OWN_PASSWORD })).body).toMatchObject({
      secondFactor: false,
    });
  });
});

describe('who asks for a change', () => {
  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['a sister host of the same domain', { 'sec-fetch-site': 'same-site', origin: 'https://x.example' }],
    ['another origin, without Fetch Metadata', { origin: 'https://evil.example' }],
    ['an address bar', { 'sec-fetch-site': 'none' }],
    ['no browser at all', {}],
    ['an origin that is none', { origin: 'null' }],
  ])('%s is refused before anything is looked at', async (_, headers) => {
    const server = await TestServer.start();
    const client = await ConsoleClient.signedIn(server);
    const { status, body } = await client.send('DELETE', '/session', undefined, headers);
    expect([status, body.error]).toEqual([403, 'origin_refused']);
    expect((await client.get('/session')).status).toBe(200);
  });

  test('our own page may, with and without Fetch Metadata', async () => {
    const server = await TestServer.start();
    const client = await ConsoleClient.signedIn(server);
    const wish = { present: OWN_PASSWORD, next: 'third four words' };
    const { status } = await client.send('PUT', '/session/password', wish, {
      'sec-fetch-site': 'same-origin',
    });
    expect(status).toBe(200);
  });
});

describe('who guesses', () => {
  test('is slowed by the network, whatever the names, and locked by the name', async () => {
    const server = await TestServer.start();
    await ConsoleClient.signedIn(server);
    const stranger = new ConsoleClient(server);
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        stranger.post('/session', { name: `name${index}`, password: 'wrong' }),
      ),
    );
    const codes = tries.map(({ body }) => body.error);
    expect(codes.filter((code) => code === 'rate_limited').length).toBeGreaterThanOrEqual(2);
    expect(new Set(codes)).toEqual(new Set(['sign_in_failed', 'rate_limited']));
  });

  test('gets a clear answer to what is no sign-in', async () => {
    const server = await TestServer.start();
    const client = new ConsoleClient(server);
    for (const body of [{}, { name: 'x' }, { name: 'x', password: '' }, { name: ['x'], password: 'y' }])
      expect((await client.post('/session', body)).status).toBe(400);
    expect((await client.post('/session', { name: 'x', password: 'y'.repeat(300_000) })).status).toBe(413);
  });
});

async function ownHash(server: TestServer) {
  const { password_hash: passwordHash } = await server.store.reader
    .selectFrom('console_user')
    .select('password_hash')
    .executeTakeFirstOrThrow();
  return { passwordHash };
}
