import { expect, test } from 'vitest';
import { ConsoleClient } from '../support/console-client.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

test('purchases tell what was sold, and a grant is looked at before it is imported', async () => {
  const server = await TestServer.start();
  const admin = await ConsoleClient.signedIn(server);
  const { world } = server;
  const before = (await admin.get('/purchases')).body;
  expect(before).toMatchObject({
    grants: [{ cid: world.cid, replacedBy: null }],
    lines: [
      { kind: 'purchase', pid: world.purchase.pid, count: 100, used: 0, withdrawn: false },
      { kind: 'renewal', renewId: world.renewal.renewId, count: 20, used: 0 },
    ],
  });
  const text = await world.grant({}, [{ ...world.purchase, termsId: 'A'.repeat(32), count: 7 }]);
  const looked = await admin.post('/documents?preview=true', { name: 'grant.jwt', text });
  expect(looked.body).toMatchObject({ kind: 'grant', changed: true, lines: [{ count: 7 }] });
  expect((await admin.get('/purchases')).body).toEqual(before);
  expect((await admin.post('/documents', { name: 'grant.jwt', text })).body).toMatchObject({ changed: true });
  expect((await admin.post('/documents', { name: 'grant.jwt', text })).body).toMatchObject({
    changed: false,
  });
  const after = (await admin.get('/purchases')).body;
  expect([after.grants.length, after.lines.length]).toEqual([2, 3]);
  const usage = (await admin.get('/usage')).body;
  expect(usage.pools[0].granted).toBe(107);
});

test('what is no document of the vendor for this server is refused, and nothing changes', async () => {
  const server = await TestServer.start();
  const admin = await ConsoleClient.signedIn(server);
  const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
  const { world } = server;
  const forged = await world.grant({}, undefined, world.serverKey);
  const foreign = await world.grant({ aud: 'B'.repeat(32) });
  for (const [text, error] of [
    ['nonsense', 'document_malformed'],
    [forged, 'issuer_untrusted'],
    [foreign, 'grant_other_server'],
  ] as const)
    expect((await admin.post('/documents', { name: 'x.jwt', text })).body.error).toBe(error);
  const text = await world.grant();
  expect((await operator.post('/documents', { name: 'x.jwt', text })).body.error).toBe('role_insufficient');
  expect((await admin.get('/purchases')).body.grants).toHaveLength(1);
});

test('a user of one company sees no purchase of another', async () => {
  const server = await TestServer.start();
  const other = await secondCompany(server);
  const viewer = await ConsoleClient.signedIn(server, { name: 'vi', role: 'viewer', cid: other.cid });
  const { body } = await viewer.get('/purchases');
  expect(body.grants).toMatchObject([{ cid: other.cid }]);
  expect(JSON.stringify(body)).not.toContain(server.world.cid);
});
