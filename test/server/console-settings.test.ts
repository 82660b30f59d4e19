import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../server-stub/store/database.ts';
import { ConsoleClient } from '../support/console-client.ts';
import { endClusterAfterAll } from '../support/engines.ts';
import { temporaryFolder } from '../support/folder.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

test('settings say who the server is, what certifies it, and whom it tells', async () => {
  const alertChannels = [{ name: 'ops', kind: 'webhook', url: 'http://127.0.0.1:9/', secret: secret() }];
  const server = await TestServer.start({
    env: { LICENSE_SERVER_ALERT_CHANNELS: JSON.stringify(alertChannels) },
  });
  const admin = await ConsoleClient.signedIn(server);
  const { body } = await admin.get('/settings');
  const { serverId, cid, serverKey, root } = server.world;
  expect(body).toMatchObject({
    ...{ serverId, store: 'sqlite', root: root.thumbprint, zone: 'Asia/Shanghai' },
    certificates: [{ cid, key: serverKey.thumbprint, inForce: true }],
    channels: [{ channel: 'ops', kind: 'webhook', waiting: 0 }],
  });
  expect(JSON.stringify(body)).not.toContain(alertChannels[0]?.secret);
  expect((await admin.post('/channels/ops/test')).body.error).toBe('alert_undelivered');
  expect((await admin.post('/channels/none/test')).body.error).toBe('unknown_alert_channel');
  expect((await admin.post('/channels/none/retry')).body.error).toBe('unknown_alert_channel');
  const authority = await admin.get('/ca.pem');
  expect(authority.body).toContain('BEGIN CERTIFICATE');
});

function secret(): string {
  return `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
}

test('a backup is the store as it stands, made while the server is at work, and is told of', async () => {
  const server = await TestServer.start();
  const admin = await ConsoleClient.signedIn(server);
  const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
  expect((await operator.get('/backup')).body.error).toBe('role_insufficient');
  await server.activate('SN-1');
  const response = await fetch(`${server.url}/console/api/backup`, {
    headers: { cookie: `__Host-license-console=${admin.cookie}` },
  });
  expect(response.headers.get('content-disposition')).toMatch(
    /filename="license-server-\d{4}-\d\d-\d\d\.db"/,
  );
  const file = join(temporaryFolder(), 'backup.db');
  writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  const store = await openStore(file);
  const licenses = await store.reader.selectFrom('license').select('license_key').execute();
  await store.close();
  expect(licenses).toEqual([{ license_key: 'SN-1' }]);
  const [told] = await server.store.reader
    .selectFrom('audit')
    .select(['actor', 'action'])
    .where('action', '=', 'store.backup')
    .execute();
  expect(told).toEqual({ actor: 'user:admin', action: 'store.backup' });
  // One at a time; the next may begin once it has left.
  await expect.poll(async () => (await admin.get('/backup')).status).toBe(200);
});

test('a store in PostgreSQL is backed up by PostgreSQL', async () => {
  const server = await TestServer.start({ engine: 'postgres' });
  const admin = await ConsoleClient.signedIn(server);
  expect((await admin.get('/backup')).body.error).toBe('backup_by_database');
});
