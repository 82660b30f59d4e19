import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { licenseCertDocument } from '#core/documents/license-cert.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { loadServerConfig } from '../../server-stub/config.ts';
import { renew } from '../../server-stub/licensing/renew.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import type { OpenApiClient } from '../support/openapi-client.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';

endClusterAfterAll();

const DAY = 86_400;

/** A server whose App lets the older device tools activate a PID. */
async function legacyServer(options: Parameters<typeof TestServer.start>[0] = {}): Promise<TestServer> {
  const server = await TestServer.start(options);
  await setLegacyPid(server, server.world.purchase.pid);
  return server;
}

async function setLegacyPid(server: TestServer, pid: string | null, appId = server.world.appId) {
  await server.store.write(server.clock.now(), ({ db }) =>
    db.updateTable('app').set({ legacy_pid: pid }).where('app_id', '=', appId).execute(),
  );
}

interface Activation {
  client?: OpenApiClient;
  credential?: string;
  appId?: string;
  headers?: Record<string, string>;
}

async function activate(server: TestServer, custom: string, activation: Activation = {}) {
  const { client = server, credential = 'device-1', appId = server.world.appId, headers } = activation;
  const path = `/dev/v3/apps/${appId}/licenses/activation`;
  const { status, body } = await client.post(path, { credential, custom }, headers);
  return { status, body, cert: String((body as unknown as { cert: string }).cert) };
}

const claimsOf = ({ world }: TestServer, cert: string) => licenseCertDocument.verify(cert, [world.serverKey]);

const usedSeats = async (server: TestServer) => {
  const pools = await server.store.reader.selectFrom('quota').select('used').execute();
  return pools.reduce((sum, { used }) => sum + used, 0);
};

describe.each(ENGINES)('call 14, store in %s', (engine) => {
  test('answers a cert and nothing else, which names the license that detail finds', async () => {
    const server = await legacyServer({ engine });
    const { status, body, cert } = await activate(server, 'SN-1');
    expect([status, Object.keys(body)]).toEqual([200, ['cert']]);
    const { data } = (await server.detail('SN-1')).body;
    const { world, clock } = server;
    expect(await claimsOf(server, cert)).toEqual({
      iss: world.serverId,
      cid: world.cid,
      iat: clock.time,
      license: data.license,
      appId: world.appId,
      pid: world.purchase.pid,
      licenseKey: 'SN-1',
      activationTime: data.activationTime,
      expireTime: data.expireTime,
    });
    await throwsWithCode(licenseTokenDocument.verify(cert, [world.serverKey]), 'document_wrong_type');
    const audited = await server.store.reader
      .selectFrom('audit')
      .select(['actor', 'detail'])
      .where('action', '=', 'license.activate')
      .execute();
    expect(audited).toEqual([
      {
        actor: `credential:${server.folder.credential.customerId}`,
        detail: expect.stringContaining('"from":"127.0.0.1"'),
      },
    ]);
    expect(audited[0]?.detail).not.toContain('device-1');
  });

  test('a LicenseKey activated before, here or through call 1, gets the same cert byte for byte', async () => {
    const server = await legacyServer({ engine });
    await server.activate('SN-1');
    const first = await activate(server, 'SN-1');
    server.clock.time += 100 * DAY;
    const again = await activate(server, 'SN-1', { credential: 'the same device, set up anew' });
    expect(again.cert).toBe(first.cert);
    await server.stop();
    const restarted = await TestServer.start({ engine, folder: server.folder });
    expect((await activate(restarted, 'SN-1')).cert).toBe(first.cert);
    expect(await usedSeats(restarted)).toBe(1);
  });

  test('a renewal makes another cert, which stays as well', async () => {
    const server = await legacyServer({ engine });
    const first = await activate(server, 'SN-1');
    const { license } = await claimsOf(server, first.cert);
    server.clock.time += 30 * DAY;
    const { cid, appId, renewal } = server.world;
    await server.store.write(server.clock.now(), (trx) =>
      renew(trx, [{ cid, appId, renewId: renewal.renewId, license, actor: 'operator:test' }]),
    );
    const renewedAt = server.clock.time;
    server.clock.time += DAY;
    const renewed = await activate(server, 'SN-1');
    const claims = await claimsOf(server, renewed.cert);
    expect(claims.iat).toBe(renewedAt);
    expect(claims.expireTime).toBe((await server.detail('SN-1')).body.data.expireTime);
    expect((await activate(server, 'SN-1')).cert).toBe(renewed.cert);
  });

  test('where the App has another default now, a license that was given before is given again', async () => {
    const server = await legacyServer({ engine });
    const first = await activate(server, 'SN-1');
    // A PID that was granted to nobody: whoever got it would be refused.
    await setLegacyPid(server, 'F'.repeat(32));
    expect((await activate(server, 'SN-1')).cert).toBe(first.cert);
    expect((await activate(server, 'SN-2')).body.error).toBe('unknown_pid');
    // A suspended one is not to be got round either; one that ended is no longer in the way.
    await setState(server, 'suspended');
    expect((await activate(server, 'SN-1')).body.error).toBe('suspended');
    await setState(server, 'active');
    server.clock.time += 366 * DAY;
    expect((await activate(server, 'SN-1')).body.error).toBe('unknown_pid');
  });

  const setState = (server: TestServer, state: 'active' | 'suspended') =>
    server.store.write(server.clock.now(), ({ db }) => db.updateTable('license').set({ state }).execute());

  test('what call 1 refuses is refused, in the envelope', async () => {
    const server = await legacyServer({ engine, lines: ({ purchase }) => [{ ...purchase, count: 1 }] });
    const other = await secondCompany(server);
    await activate(server, 'SN-1');
    const refusals: [string, Activation, string][] = [
      ['SN-2', {}, 'quota_exhausted'],
      ['SN-1', { appId: other.appId }, 'unknown_app'],
      ['SN-1', { appId: server.world.otherAppId }, 'legacy_not_enabled'],
    ];
    for (const [custom, activation, error] of refusals) {
      const { status, body } = await activate(server, custom, activation);
      expect(body).toEqual({ code: 400, error, message: expect.any(String), requestId: expect.any(String) });
      expect(status).toBe(400);
    }
    await setState(server, 'suspended');
    expect((await activate(server, 'SN-1')).body.error).toBe('suspended');
    await setState(server, 'active');
    server.clock.time += 366 * DAY;
    expect((await activate(server, 'SN-1')).body.error).toBe('license_expired');
  });

  test('fifty at once with one LicenseKey cost one license; an Idempotency-Key is honoured', async () => {
    const server = await legacyServer({ engine });
    const certs = await Promise.all(Array.from({ length: 50 }, () => activate(server, 'SN-1')));
    expect(new Set(certs.map(({ cert }) => cert)).size).toBe(1);
    expect(await usedSeats(server)).toBe(1);
    const headers = { 'idempotency-key': 'k' };
    const first = await activate(server, 'SN-2', { headers });
    expect((await activate(server, 'SN-2', { headers })).cert).toBe(first.cert);
    expect((await activate(server, 'SN-3', { headers })).body.error).toBe('idempotency_conflict');
  });

  test('fits the buffers of the tools: cert and whole answer', async () => {
    const server = await legacyServer({ engine });
    const short = await activate(server, 'x'.repeat(32), { credential: '密'.repeat(256) });
    expect(short.cert.length).toBeLessThanOrEqual(1024);
    for (const custom of ['"'.repeat(128), '\\'.repeat(128), '授'.repeat(42), '😀'.repeat(32)]) {
      const { cert } = await activate(server, custom, { credential: '"'.repeat(256) });
      expect(cert.length).toBeLessThanOrEqual(2047);
      expect((await claimsOf(server, cert)).licenseKey).toBe(custom);
    }
    const connection = await RawConnection.open(server.url);
    const body = JSON.stringify({ credential: 'x'.repeat(256), custom: '"'.repeat(128) });
    connection.send(
      `POST /dev/v3/apps/${server.world.appId}/licenses/activation HTTP/1.1\r\nHost: x\r\n` +
        `Authorization: ${server.authorization}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = await connection.answer();
    expect(answer.status).toBe(200);
    const headers = Object.entries(answer.headers).map(([name, value]) => name.length + value.length + 4);
    const head = headers.reduce((sum, length) => sum + length, answer.statusLine.length + 4);
    expect(head + answer.body.length).toBeLessThan(4096);
  });
});

describe.each(ENGINES)('call 15, store in %s', (engine) => {
  const ask = async (server: TestServer, query = '', appId = server.world.appId) => {
    const response = await fetch(`${server.url}/dev/v3/apps/${appId}/licenses${query}`, {
      headers: { authorization: server.authorization },
    });
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) };
  };

  test('has its members in exactly the documented order, times in ms, the validity in months', async () => {
    const server = await legacyServer({ engine });
    await server.activate('SN-1');
    const at = server.clock.time * 1000;
    expect((await ask(server)).text).toBe(
      `{"totalSize":1,"pageSize":1000,"pageNumber":1,"hasMore":false,"elements":[{"custom":"SN-1","records":[{"createdTime":${at},"validityPeriod":12,"activatedTime":${at},"activated":true}]}]}`,
    );
    const { cid, appId, renewal } = server.world;
    const { license } = (await server.detail('SN-1')).body.data;
    await server.store.write(server.clock.now(), async (trx) => {
      await renew(trx, [{ cid, appId, renewId: renewal.renewId, license, actor: 'operator:test' }]);
    });
    expect((await ask(server)).body.elements[0].records[0].validityPeriod).toBe(24);
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('license').set({ state: 'released' }).execute(),
    );
    expect((await ask(server)).body.elements[0].records[0]).toMatchObject({
      createdTime: at,
      activatedTime: null,
      activated: false,
    });
  });

  test('gives every license once, by pages of any size, in the order of activation', async () => {
    const server = await legacyServer({ engine });
    const keys = Array.from({ length: 23 }, (_, index) => `SN-${String(index).padStart(2, '0')}`);
    for (const key of keys) await server.activate(key);
    await server.activate('elsewhere', { appId: server.world.otherAppId });
    for (const pageSize of [1, 7, 23, 1000]) {
      const seen: string[] = [];
      for (let pageNumber = 1; ; pageNumber += 1) {
        const { body } = await ask(server, `?pageNumber=${pageNumber}&pageSize=${pageSize}`);
        seen.push(...body.elements.map(({ custom }: { custom: string }) => custom));
        expect([body.totalSize, body.pageSize, body.pageNumber]).toEqual([23, pageSize, pageNumber]);
        expect(body.hasMore).toBe(pageNumber * pageSize < 23);
        if (!body.hasMore) break;
      }
      expect(seen).toEqual(keys);
    }
    const beyond = await ask(server, '?pageNumber=1000000000&pageSize=1000');
    expect(beyond.body).toEqual({
      totalSize: 23,
      pageSize: 1000,
      pageNumber: 1_000_000_000,
      hasMore: false,
      elements: [],
    });
    expect((await ask(server)).body).toMatchObject({ totalSize: 23, hasMore: false });
    expect((await ask(server, '?pageSize=5')).body.elements).toHaveLength(23);
    expect((await ask(server, '?pageNumber=2')).body).toMatchObject({ pageSize: 20, hasMore: false });
  });

  test('without a page number comes a thousand at most, and says that there are more', async () => {
    const server = await legacyServer({ engine, lines: ({ purchase }) => [{ ...purchase, count: 1100 }] });
    const { appId, purchase } = server.world;
    for (const part of [0, 1])
      await server.post(`/dabiz/license/v2/active/batch?appid=${appId}`, {
        pid: purchase.pid,
        licenseKeys: Array.from({ length: 550 }, (_, index) => `SN-${part}-${index}`),
      });
    const { body } = await ask(server);
    expect([body.elements.length, body.totalSize, body.hasMore]).toEqual([1000, 1000, true]);
    expect((await ask(server, '?pageNumber=11&pageSize=100')).body).toMatchObject({
      totalSize: 1100,
      hasMore: false,
      elements: { length: 100 },
    });
  });

  test('is refused as call 14 is', async () => {
    const server = await legacyServer({ engine });
    const other = await secondCompany(server);
    expect((await ask(server, '', other.appId)).body.error).toBe('unknown_app');
    expect((await ask(server, '', server.world.otherAppId)).body.error).toBe('legacy_not_enabled');
    for (const query of [
      '?pageNumber=0',
      '?pageNumber=-1',
      '?pageNumber=1.5',
      '?pageNumber=x',
      '?pageNumber=',
    ])
      expect([query, (await ask(server, query)).body.error]).toEqual([query, 'parameter_invalid']);
    for (const query of ['?pageSize=0', '?pageSize=1001', '?pageNumber=1e3', '?pageNumber=1&pageNumber=2'])
      expect([query, (await ask(server, query)).body.error]).toEqual([query, 'parameter_invalid']);
  });
});

describe('the plain listener for older device tools', () => {
  const start = (env: Record<string, string> = {}) =>
    legacyServer({ tls: true, env: { LICENSE_SERVER_LEGACY_HTTP_PORT: '0', ...env } });

  test('serves calls 14 and 15, for credentials of scope activate', async () => {
    const server = await start();
    expect(server.legacyUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(server.url).toMatch(/^https:/);
    const tool = server.clientWith(await server.createCredential('activate'), server.legacyUrl);
    const { cert } = await activate(server, 'SN-1', { client: tool });
    expect((await claimsOf(server, cert)).licenseKey).toBe('SN-1');
    const list = await tool.call('GET', `/dev/v3/apps/${server.world.appId}/licenses`);
    expect(list.body).toMatchObject({ totalSize: 1 });
  });

  test('refuses credentials of scope full, and says what to do since they are known now', async () => {
    const server = await start();
    const tool = server.clientWith(server.folder.credential, server.legacyUrl);
    const { status, body } = await activate(server, 'SN-1', { client: tool });
    expect([status, body.error]).toEqual([400, 'scope_too_wide']);
    expect(await server.store.reader.selectFrom('license').selectAll().execute()).toEqual([]);
  });

  test('knows nothing else, health included, and challenges strangers', async () => {
    const server = await start();
    const pair = await server.createCredential('activate');
    const tool = server.clientWith(pair, server.legacyUrl);
    expect((await tool.activate('SN-1')).status).toBe(404);
    expect((await tool.detail('SN-1')).status).toBe(404);
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/v1/license-requests', '/'])
      expect([path, (await tool.call('GET', path)).status]).toEqual([path, 404]);
    const stranger = await fetch(`${server.legacyUrl}/dev/v3/apps/${server.world.appId}/licenses`);
    expect([stranger.status, stranger.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="license"',
    ]);
  });

  test('is off unless it is asked for, and ends with the server', async () => {
    expect((await legacyServer()).legacyUrl).toBe('');
    const server = await start();
    const { legacyUrl } = server;
    await server.stop();
    await expect(fetch(legacyUrl)).rejects.toThrow();
  });

  test('whose port is taken keeps the server from starting, by name', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const error = await throwsWithCode(
      start({ LICENSE_SERVER_LEGACY_HTTP_PORT: String(port) }),
      'port_in_use',
    );
    expect(error.detail['port']).toBe(port);
    taken.close();
    expect(() => loadServerConfig(undefined, { LICENSE_SERVER_LEGACY_HTTP_PORT: '65536' })).toThrow();
  });
});
