import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { loadServerConfig } from '../../server-stub/config.ts';
import { TestDevice } from '../support/device.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';

/** A server and the lines that its access log got. */
async function logged(env: Record<string, string> = {}) {
  const lines: string[] = [];
  const accessLog = pino({}, { write: (line: string) => void lines.push(line) });
  const server = await TestServer.start({ accessLog, env });
  return { server, lines, entries: () => lines.map((line) => JSON.parse(line)) };
}

describe('the access log', () => {
  test('has one line for each request: who, what, how it ended; neither secrets nor LicenseKeys', async () => {
    const { server, lines, entries } = await logged();
    const { customerId, customerSecret } = server.folder.credential;
    const { cid, appId } = server.world;
    await server.activate('SECRET-SERIAL');
    const refused = await server.detail('ANOTHER-SERIAL', { appId: 'f'.repeat(32), version: 'v1' });
    const stranger = Buffer.from(`${customerId}:guess`).toString('base64');
    await server.call('GET', '/dabiz/license/v2/pads', { authorization: `Basic ${stranger}` });
    await server.call('GET', '/nowhere/SECRET-PATH?x=SECRET-QUERY');
    await server.post(`/dev/v3/apps/${appId}/licenses/activation`, {
      credential: 'SECRET-DEVICE',
      custom: 'S',
    });
    const active = { method: 'POST', route: '/dabiz/license/v2/active', status: 200, cid, customerId };
    expect(entries()).toMatchObject([
      { ...active, from: '127.0.0.1', ms: expect.any(Number), bytes: expect.any(Number), level: 30 },
      { method: 'GET', route: '/dabiz/license/v1/detail', status: 400, requestId: refused.body.requestId },
      { route: '/dabiz/license/v2/pads', status: 401 },
      { route: '', status: 404 },
      { route: '/dev/v3/apps/:appid/licenses/activation', status: 400, cid },
    ]);
    expect(entries()[0].bytes).toBeGreaterThan(200);
    expect(entries()[2]).not.toHaveProperty('cid');
    const text = lines.join('');
    for (const secret of [customerSecret, 'SECRET', 'SERIAL', 'guess', stranger])
      expect(text).not.toContain(secret);
  });
});

test('the audit trail says where a device asked from', async () => {
  const { server, entries } = await logged();
  await new TestDevice(server, await server.enrollment(), 'SN-1').ask();
  const trail = await server.store.reader
    .selectFrom('audit')
    .select(['action', 'detail'])
    .where('actor', 'like', 'device:%')
    .execute();
  expect(trail.map(({ action }) => action)).toEqual(['license.activate', 'license.bind']);
  for (const { detail } of trail) expect(JSON.parse(detail).from).toBe('127.0.0.1');
  expect(entries()).toMatchObject([{ route: '/v1/license-requests', status: 200, from: '127.0.0.1' }]);
});

describe('behind a proxy', () => {
  const from = async (trusted: string, forwarded: string) => {
    const { server, entries } = await logged({ LICENSE_SERVER_TRUSTED_PROXIES: trusted });
    const query = new URLSearchParams({
      pid: server.world.purchase.pid,
      licenseKey: 'SN-1',
      appid: server.world.appId,
    });
    await server.call('POST', `/dabiz/license/v2/active?${query}`, { 'x-forwarded-for': forwarded });
    const audited = await server.store.reader
      .selectFrom('audit')
      .select('detail')
      .where('action', '=', 'license.activate')
      .executeTakeFirstOrThrow();
    expect(JSON.parse(audited.detail).from).toBe(entries()[0].from);
    return entries()[0].from;
  };

  test.each([
    ['that is trusted, the caller is whom it names', '127.0.0.0/8', '203.0.113.7', '203.0.113.7'],
    ['only its own word counts, not what it was told', '127.0.0.1', '10.9.9.9, 203.0.113.7', '203.0.113.7'],
    ['several trusted ones are passed', '127.0.0.1,10.0.0.0/8', '203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['that hands on nonsense, it is the proxy', '127.0.0.1', 'not an address', '127.0.0.1'],
    ['that is not trusted, it is the proxy', '', '203.0.113.7', '127.0.0.1'],
    ['elsewhere, it is who connected', '192.0.2.1', '203.0.113.7', '127.0.0.1'],
    ['over IPv6', '::1,127.0.0.1', '2001:db8::7', '2001:db8::7'],
  ])('%s', async (_, trusted, forwarded, expected) => {
    expect(await from(trusted, forwarded)).toBe(expected);
  });

  test.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/', '::/129', '1.2.3'])(
    'a trusted proxy is an address or a network: %s is none',
    async (proxy) => {
      await throwsWithCode(
        () => loadServerConfig(undefined, { LICENSE_SERVER_TRUSTED_PROXIES: proxy }),
        'config_invalid',
      );
    },
  );
});
