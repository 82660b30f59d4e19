import { describe, expect, test } from 'vitest';
import { Enrollment } from '#core/documents/enrollment.ts';
import { parseJson } from '#core/shapes.ts';
import { ConsoleClient } from '../support/console-client.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

async function withOperator(engine: (typeof ENGINES)[number] = 'sqlite') {
  const server = await TestServer.start({ engine });
  const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
  const { appId, purchase } = server.world;
  return { server, operator, appId, pid: purchase.pid, app: `/apps/${appId}` };
}

describe.each(ENGINES)('Apps in the Console, store in %s', (engine) => {
  test('licenses are reserved for an App and taken back, and it is told who did', async () => {
    const { server, operator, app, pid, appId } = await withOperator(engine);
    expect((await operator.post(`${app}/seats`, { pid, count: 30 })).body).toEqual({ granted: 30, free: 70 });
    expect((await operator.post(`${app}/seats`, { pid, count: -10 })).body).toEqual({
      granted: 20,
      free: 80,
    });
    for (const [count, error] of [
      [81, 'allocation_exceeds_free'],
      [-21, 'take_back_exceeds_unused'],
      [0, 'parameter_invalid'],
    ] as const)
      expect((await operator.post(`${app}/seats`, { pid, count })).body.error).toBe(error);
    const { body } = await operator.get(`${app}/allocations?size=1`);
    expect(body).toMatchObject({ count: 2, list: [{ count: -10, creator: 'op', pid }] });
    const pool = await server.store.reader
      .selectFrom('quota')
      .select('granted')
      .where('app_id', '=', appId)
      .executeTakeFirst();
    expect(pool).toEqual({ granted: 20 });
  });

  test('settings of an App are changed one by one, and null takes them away', async () => {
    const { server, operator, app, pid, appId } = await withOperator(engine);
    const change = async (body: object) => {
      const { status } = await operator.patch(app, body);
      const { apps } = (await operator.get('/apps')).body;
      return [status, apps.find((each: { appId: string }) => each.appId === appId)];
    };
    expect(await change({ autoRenewDays: 30, deviceRenewal: true })).toMatchObject([
      204,
      { autoRenewDays: 30, autoRenewSeenDays: null, deviceRenewal: true, defaultPid: null },
    ]);
    expect(await change({ defaultPid: pid })).toMatchObject([204, { autoRenewDays: 30, defaultPid: pid }]);
    expect(await change({ autoRenewDays: null, defaultPid: null })).toMatchObject([
      204,
      { autoRenewDays: null, defaultPid: null, deviceRenewal: true },
    ]);
    for (const body of [{ autoRenewDays: 61 }, { autoRenewDays: 0 }, { defaultPid: 'x' }])
      expect((await operator.patch(app, body)).status).toBe(400);
    const rows = await server.store.reader
      .selectFrom('audit')
      .select('actor')
      .where('action', '=', 'app.set')
      .execute();
    expect(rows).toEqual(Array(3).fill({ actor: 'user:op' }));
  });
});

test('an enrollment file is made once, listed without its secret, and revoked', async () => {
  const { server, operator, app, pid } = await withOperator();
  const made = await operator.post(`${app}/enrollments`, { pid, maxActivations: 5, days: 30 });
  expect(made.status).toBe(201);
  const enrollment = parseJson(Enrollment, JSON.stringify(made.body), 'enrollment_malformed', 'test');
  expect(enrollment).toMatchObject({ pid, rootThumbprint: server.world.root.thumbprint });
  const listed = await operator.get(`${app}/enrollments`);
  expect(listed.body.enrollments).toMatchObject([{ state: 'inForce', used: 0, maxActivations: 5 }]);
  expect(JSON.stringify(listed.body)).not.toContain(enrollment.enrollment.secret);
  const { id } = enrollment.enrollment;
  expect((await operator.delete(`${app}/enrollments/${id}`)).status).toBe(204);
  expect((await operator.get(`${app}/enrollments`)).body.enrollments).toMatchObject([{ state: 'revoked' }]);
  const elsewhere = `/apps/${server.world.otherAppId}/enrollments/${id}`;
  expect((await operator.delete(elsewhere)).body.error).toBe('unknown_enrollment');
});

test('REST credentials are made, rotated and revoked by administrators alone', async () => {
  const { server, operator } = await withOperator();
  const admin = await ConsoleClient.signedIn(server);
  const { cid } = server.world;
  expect((await operator.get('/credentials')).body.error).toBe('role_insufficient');
  const made = await admin.post('/credentials', { cid, scope: 'activate', label: 'tools' });
  expect([made.status, made.body.customerSecret.length > 30]).toEqual([201, true]);
  const { customerId, customerSecret } = made.body;
  const rotated = await admin.post(`/credentials/${customerId}/rotation`, { overlapHours: 1 });
  expect(rotated.body.customerSecret).not.toBe(customerSecret);
  const { credentials } = (await admin.get(`/credentials?cid=${cid}`)).body;
  expect(credentials.find((each: { customerId: string }) => each.customerId === customerId)).toMatchObject({
    ...{ scope: 'activate', label: 'tools', revokedAt: null },
    previousUntil: server.clock.now() + 3600,
  });
  expect(JSON.stringify(credentials)).not.toContain(rotated.body.customerSecret);
  expect((await admin.delete(`/credentials/${customerId}`)).status).toBe(204);
  expect((await admin.delete(`/credentials/${customerId}`)).body.error).toBe('unknown_credential');
});

test('the App of another company is not there', async () => {
  const { server, pid } = await withOperator();
  const other = await secondCompany(server);
  const stranger = await ConsoleClient.signedIn(server, { name: 'st', role: 'operator', cid: other.cid });
  const { appId } = server.world;
  expect(JSON.stringify((await stranger.get('/apps')).body)).not.toContain(appId);
  const attempts: [string, string, object?][] = [
    ['GET', '/allocations'],
    ['GET', '/enrollments'],
    ['GET', '/preauthorization'],
    ['GET', '/preauthorization/uploads'],
    ['GET', '/preauthorization/keys.txt'],
    ['PATCH', '', { deviceRenewal: true }],
    ['POST', '/seats', { pid, count: 1 }],
    ['POST', '/enrollments', { pid, maxActivations: 1, days: 1 }],
    ['PUT', '/preauthorization/switch', { enabled: true }],
    ['POST', '/preauthorization/keys', { licenseKeys: ['X'] }],
    ['POST', '/preauthorization/deletions', { licenseKeys: ['X'] }],
    ['DELETE', '/preauthorization/keys'],
  ];
  for (const [method, path, body] of attempts)
    expect([method, path, (await stranger.send(method, `/apps/${appId}${path}`, body)).body.error]).toEqual([
      method,
      path,
      'unknown_app',
    ]);
  expect((await stranger.send('POST', `/apps/${appId}/preauthorization/uploads`, 'SN-1\n')).body.error).toBe(
    'unknown_app',
  );
});
