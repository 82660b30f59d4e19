import { expect, test } from 'vitest';
import { ConsoleClient } from '../support/console-client.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

test('the usage of a company says what was bought, reserved and used, and what the ids mean', async () => {
  const server = await TestServer.start();
  const client = await ConsoleClient.signedIn(server, { role: 'viewer' });
  await server.activate('SN-1');
  const { world } = server;
  const { body } = await client.get('/usage');
  expect(body).toMatchObject({
    companies: [{ cid: world.cid }],
    apps: [{ appId: world.appId, cid: world.cid }, expect.anything()],
    products: [{ pid: world.purchase.pid, sku: world.purchase.sku, validity: { unit: 'year', count: 1 } }],
    pools: [{ pid: world.purchase.pid, appId: '', granted: 100, used: 1, allocated: 0 }],
    renewals: [{ renewId: world.renewal.renewId, granted: 20, used: 0 }],
  });
});

test('licenses are found by key, App, state and end, a hundred a page at most', async () => {
  const server = await TestServer.start({ lines: ({ purchase }) => [{ ...purchase, count: 1000 }] });
  const client = await ConsoleClient.signedIn(server, { role: 'viewer' });
  for (let batch = 0; batch < 250; batch += 1) await server.activate(`SN-${String(batch).padStart(4, '0')}`);
  const first = (await client.get('/licenses')).body;
  expect(first.licenses).toHaveLength(100);
  const second = (await client.get(`/licenses?after=${first.next}`)).body;
  const third = (await client.get(`/licenses?after=${second.next}`)).body;
  expect([second.licenses.length, third.licenses.length, third.next]).toEqual([100, 50, null]);
  const found = (await client.get('/licenses?key=SN-0012')).body;
  expect(found.licenses).toMatchObject([{ licenseKey: 'SN-0012', state: 'active' }]);
  expect((await client.get('/licenses?state=suspended')).body.licenses).toEqual([]);
  expect((await client.get('/licenses?endingWithinDays=30')).body.licenses).toEqual([]);
  expect((await client.get('/licenses?endingWithinDays=366&limit=3')).body.licenses).toHaveLength(3);
  for (const query of ['limit=101', 'limit=0', 'state=x', 'after=x', 'endingWithinDays=0', 'cid=a%20b'])
    expect((await client.get(`/licenses?${query}`)).status).toBe(400);
});

test('a user of one company sees nothing of another', async () => {
  const server = await TestServer.start();
  const other = await secondCompany(server);
  await server.activate('SN-1');
  const client = await ConsoleClient.signedIn(server, { name: 'zoe', role: 'operator', cid: other.cid });
  const usage = await client.get('/usage');
  expect(JSON.stringify(usage.body)).not.toContain(server.world.cid);
  expect(usage.body.companies).toMatchObject([{ cid: other.cid }]);
  expect((await client.get('/licenses')).body.licenses).toEqual([]);
  for (const path of ['/usage', '/licenses'])
    expect((await client.get(`${path}?cid=${server.world.cid}`)).body.error).toBe('unknown_company');
});
