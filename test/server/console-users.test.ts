import { expect, test } from 'vitest';
import { ConsoleClient } from '../support/console-client.ts';
import { TestServer } from '../support/server.ts';

test('an administrator lets people in, changes and resets them; the trail names who did', async () => {
  const server = await TestServer.start();
  const admin = await ConsoleClient.signedIn(server);
  const { cid } = server.world;
  const made = await admin.post('/users', { name: 'eve', role: 'operator', cid });
  expect([made.status, made.body]).toMatchObject([201, { name: 'eve', role: 'operator', cid }]);
  const eve = new ConsoleClient(server);
  expect((await eve.post('/session', { name: 'eve', password: made.body.password })).status).toBe(200);

  expect((await admin.send('PATCH', '/users/eve', { role: 'viewer', cid: null })).body).toMatchObject({
    ...{ role: 'viewer', cid: null },
  });
  expect((await eve.get('/session')).body.error).toBe('session_ended');
  const { password } = (await admin.post('/users/eve/password', { withoutSecondFactor: true })).body;
  expect((await eve.post('/session', { name: 'eve', password: made.body.password })).body.error).toBe(
    'sign_in_failed',
  );
  expect((await eve.post('/session', { name: 'eve', password })).status).toBe(200);
  await admin.send('PATCH', '/users/eve', { disabled: true });
  expect((await eve.get('/session')).body.error).toBe('session_ended');
  expect((await admin.get('/users')).body.users).toMatchObject([
    { name: 'admin', role: 'admin', disabledAt: null },
    { name: 'eve', disabledAt: server.clock.time },
  ]);
  expect(JSON.stringify((await admin.get('/users')).body)).not.toContain('argon2');

  const trail = await server.store.reader
    .selectFrom('audit')
    .select(['actor', 'action', 'subject'])
    .where('action', 'in', ['user.create', 'user.change'])
    .where('subject', '=', 'eve')
    .orderBy('seq')
    .execute();
  expect(trail.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
    'user:admin user.create',
    'user:admin user.change',
    'user:admin user.change',
    'user:admin user.change',
  ]);
});

test('nobody else may: not who is no administrator, nor who is not signed in', async () => {
  const server = await TestServer.start();
  await ConsoleClient.signedIn(server);
  for (const role of ['viewer', 'operator'] as const) {
    const client = await ConsoleClient.signedIn(server, { name: `a-${role}`, role });
    for (const attempt of [
      client.get('/users'),
      client.post('/users', { name: 'x', role: 'admin', cid: null }),
      client.send('PATCH', `/users/a-${role}`, { role: 'admin' }),
      client.post('/users/admin/password', { withoutSecondFactor: true }),
    ]) {
      const { status, body } = await attempt;
      expect([status, body.error]).toEqual([403, 'role_insufficient']);
    }
  }
  expect((await new ConsoleClient(server).get('/users')).body.error).toBe('session_ended');
});
