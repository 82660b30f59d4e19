import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { askDaemon } from '../../agent/client/ask-daemon.ts';
import { LicenseClient } from '../../agent/client.ts';
import { englishIn } from '../support/chinese.ts';
import { codeOf } from '../support/forge.ts';
import { NOW, World } from '../support/world.ts';
import { post, startAgent as start, until } from './running-agent.ts';
import {
  AgentFolder,
  DAY,
  FakeClock,
  HOUR,
  type Reply,
  runDaemon,
  SigningServer,
  temporaryFolder,
} from './support.ts';

describe('starting', () => {
  test('with an enrollment in place the daemon activates by itself, once', async () => {
    const { client, server, world } = await start();
    await until(client, 'active');
    const status = await client.status();
    expect(status).toMatchObject({
      state: 'active',
      reason: 0,
      licenseKey: world.licenseKey,
      license: server.seats.get(world.licenseKey)?.license,
      appId: world.appId,
      pid: world.purchase.pid,
      usableUntil: NOW + 104 * DAY,
      enrolled: true,
      lastRefresh: { at: NOW, outcome: 'ok' },
      serverUrl: server.url,
    });
    expect(server.requests.map(({ purpose, automatic }) => [purpose, automatic])).toEqual([
      ['activate', true],
    ]);
    expect(status.nextRefreshAt).toBeGreaterThan(NOW + 0.9 * DAY - 1);
  });

  test('without one it waits and says so, until a file comes', async () => {
    const { client, daemon, folder, server } = await start({ enrolled: false });
    expect(await client.status()).toMatchObject({
      state: 'unlicensed',
      enrolled: false,
      nextRefreshAt: null,
    });
    expect(server.requests).toEqual([]);
    await post(daemon, '/v1/enrollment', readFileSync(folder.enrollmentFile, 'utf8'));
    await until(client, 'active');
    expect(statSync(join(folder.state, 'enrollment.json')).mode & 0o777).toBe(0o600);
  });

  test('its files are for its owner alone, its sockets for whom they are meant', async () => {
    const { daemon, folder } = await start({ enrolled: false });
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
    expect([
      mode(folder.state),
      mode(join(folder.state, 'device-key.pem')),
      mode(daemon.sockets.agent),
      mode(daemon.sockets.admin),
    ]).toEqual(['700', '600', '660', '600']);
  });

  test('a restart of a licensed device asks nobody before its routine is due', async () => {
    const { client, daemon, server, clock, run } = await start();
    await until(client, 'active');
    await daemon.close();
    clock.pass(5 * HOUR);
    const soon = await run();
    const { nextRefreshAt } = await soon.client.status();
    expect(Math.round(((nextRefreshAt ?? 0) - NOW) / HOUR)).toBe(Math.round(0.95 * 24));
    await soon.daemon.close();
    clock.reboot({ offSeconds: 3 * DAY });
    const late = await run();
    expect((await late.client.status()).nextRefreshAt).toBe(clock.wall + 30);
    expect(server.requests).toHaveLength(1);
  });

  test('a second daemon is refused, the socket file of a dead one is not in the way', async () => {
    const { daemon, run, folder } = await start();
    expect(await codeOf(run)).toBe('daemon_running');
    await daemon.close();
    writeFileSync(daemon.sockets.agent, '');
    const { client } = await run();
    expect((await client.status()).enrolled).toBe(true);
    expect(existsSync(folder.store)).toBe(true);
  });

  test('device key and LicenseKey are made once and then kept', async () => {
    const { daemon, client, folder, run } = await start();
    const key = readFileSync(join(folder.state, 'device-key.pem'), 'utf8');
    const { licenseKey } = await client.status();
    await daemon.close();
    writeFileSync(folder.configFile, folder.toml().replace(folder.world.licenseKey, 'SN-OTHER'));
    const again = await run();
    expect((await again.client.status()).licenseKey).toBe(licenseKey);
    expect(readFileSync(join(folder.state, 'device-key.pem'), 'utf8')).toBe(key);
  });

  test('a socket path that is too long is told from a daemon that runs', async () => {
    const folder = new AgentFolder(new World(), join(temporaryFolder(), 'x'.repeat(120)));
    expect(await codeOf(() => runDaemon(folder))).toBe('listen_failed');
  });

  test('a key file that others may read is refused, as ssh does', async () => {
    const { daemon, folder, run } = await start();
    await daemon.close();
    for (const name of ['device-key.pem', 'enrollment.json']) {
      chmodSync(join(folder.state, name), 0o640);
      expect(await codeOf(run)).toBe('key_file_permissions');
      chmodSync(join(folder.state, name), 0o600);
    }
  });

  test('a start that fails leaves no socket behind', async () => {
    const { daemon, folder, run } = await start();
    await daemon.close();
    writeFileSync(join(folder.state, 'enrollment.json'), '{}');
    expect(await codeOf(run)).toBe('enrollment_malformed');
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });
});

describe('a refresh', () => {
  test.each<[string, Reply, string]>([
    ['HTTP 403', { status: 403, body: 'no' }, 'server_answer_unusable'],
    ['HTML', { status: 200, body: '<html></html>' }, 'server_answer_unusable'],
    ['10 MB of garbage', { status: 200, body: Buffer.alloc(10_000_000, 'x') }, 'server_answer_unusable'],
    ['a closed connection', 'close', 'server_unreachable'],
    ['a timeout', 'hang', 'server_unreachable'],
    ['HTTP 401', { status: 401, body: '' }, 'enrollment_rejected'],
  ])('that is answered with %s leaves an active license active', async (_, reply, code) => {
    const { client, daemon, server } = await start();
    await until(client, 'active');
    const { license } = await client.status();
    server.misbehave = () => reply;
    expect(await codeOf(() => post(daemon, '/v1/refresh'))).toBe(code);
    const status = await client.status();
    expect(status).toMatchObject({ state: 'active', license, lastRefresh: { outcome: code } });
    expect(status.nextRefreshAt).toBeLessThanOrEqual(NOW + 10);
    expect(await client.check('video')).toMatchObject({ allowed: true });
  });

  test('gets a newer token and shows the one that was held', async () => {
    const { client, daemon, server, clock } = await start();
    await until(client, 'active');
    clock.pass(30 * DAY);
    const status = (await post(daemon, '/v1/refresh')) as { usableUntil: number };
    expect(status.usableUntil).toBe(NOW + 134 * DAY);
    expect(server.requests.at(-1)).toMatchObject({ purpose: 'refresh', automatic: false });
    expect(server.requests.at(-1)?.heldToken).toMatch(/^eyJ/);
  });

  test('of what is not held yet is refused, and asks nobody', async () => {
    const { client, daemon, server } = await start({ enrolled: false });
    expect(await codeOf(() => post(daemon, '/v1/refresh'))).toBe('not_enrolled');
    expect(await client.status()).toMatchObject({ state: 'unlicensed', nextRefreshAt: null });
    expect(server.requests).toEqual([]);
  });

  test('of an answer that is not authentic tells so and keeps the license', async () => {
    const { client, daemon, server, world } = await start();
    await until(client, 'active');
    server.misbehave = () => world.tokenAnswer();
    expect(await codeOf(() => post(daemon, '/v1/refresh'))).toBe('answer_for_another_device');
    expect((await client.status()).state).toBe('active');
  });
});

describe('a crash between sending and storing', () => {
  test('ends active after the restart, under the same jti, with the same license and one seat', async () => {
    const world = new World();
    const clock = new FakeClock();
    const server = await SigningServer.start(world, () => clock.wall);
    const folder = new AgentFolder(world);
    folder.enroll(server.url);
    server.misbehave = async (sent): Promise<Reply> => {
      await server.answer(sent);
      return 'close';
    };
    const first = await runDaemon(folder, clock);
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    const seat = server.seats.get(world.licenseKey);
    await first.close();

    server.misbehave = undefined;
    const second = await runDaemon(folder, clock);
    const client = new LicenseClient({ socket: second.sockets.agent });
    await until(client, 'active');
    expect((await client.status()).license).toBe(seat?.license);
    expect(new Set(server.requests.map(({ jti }) => jti)).size).toBe(1);
    expect(server.seats.size).toBe(1);
  });
});

test('an activation that the server itself refuses is not repeated as it was', async () => {
  const { client, server, run, daemon } = await start({ enrolled: false });
  const body = JSON.stringify({ code: 1, error: 'document_malformed' });
  server.misbehave = () => ({ status: 400, body });
  await post(daemon, '/v1/enrollment', JSON.stringify(server.world.enrollment({ serverUrls: [server.url] })));
  await vi.waitFor(async () => expect((await client.status()).lastRefresh).not.toBeNull());
  await daemon.close();
  server.misbehave = undefined;
  const again = await run();
  await until(again.client, 'active');
  expect(new Set(server.requests.map(({ jti }) => jti)).size).toBe(2);
});

describe('an ending denial', () => {
  test('ends the license, and the daemon asks for nothing until a person does', async () => {
    const { client, daemon, server, world, run } = await start();
    await until(client, 'active');
    const { license } = await client.status();
    server.misbehave = (sent) => server.deny(sent, 'transferred', license ?? '');
    expect(await codeOf(() => post(daemon, '/v1/refresh'))).toBe('transferred');
    expect(await client.status()).toMatchObject({ state: 'transferred', license, nextRefreshAt: null });

    await daemon.close();
    const asked = server.requests.length;
    const again = await run();
    await again.daemon.settled();
    expect([(await again.client.status()).nextRefreshAt, server.requests.length]).toEqual([null, asked]);

    server.misbehave = undefined;
    await post(again.daemon, '/v1/activate');
    expect((await again.client.status()).state).toBe('active');
    expect(server.requests.at(-1)).toMatchObject({ purpose: 'activate', automatic: false });
    expect(world.licenseKey).toBe((await again.client.status()).licenseKey);
  });

  test('suspended pauses, and the next token resumes', async () => {
    const { client, daemon, server } = await start();
    await until(client, 'active');
    const { license } = await client.status();
    server.misbehave = (sent) => server.deny(sent, 'suspended', license ?? '');
    expect(await codeOf(() => post(daemon, '/v1/refresh'))).toBe('suspended');
    const { state, nextRefreshAt } = await client.status();
    expect([state, (nextRefreshAt ?? 0) - NOW]).toEqual(['suspended', 1.05 * HOUR]);
    server.misbehave = undefined;
    await post(daemon, '/v1/refresh');
    expect((await client.status()).state).toBe('active');
  });
});

describe('healing, with the server there', () => {
  test('a token that was altered on the disk is found and fetched again at once', async () => {
    const { client, folder, server } = await start();
    await until(client, 'active');
    const database = new Database(folder.store);
    onTestFinished(() => void database.close());
    database.exec("UPDATE license SET answer = replace(answer, 'A', 'B')");
    expect(await client.status()).toMatchObject({ state: 'invalid', fault: expect.any(String) });
    await until(client, 'active');
    expect(server.requests.at(-1)).toMatchObject({ purpose: 'refresh', automatic: true });
    expect(server.requests.at(-1)?.heldToken).toBeUndefined();
  });

  test('a store that is lost is made again by an automatic activation', async () => {
    const { client, daemon, folder, server, run } = await start();
    await until(client, 'active');
    const { license } = await client.status();
    await daemon.close();
    rmSync(folder.store);
    const again = await run();
    await until(again.client, 'active');
    expect((await again.client.status()).license).toBe(license);
    expect(server.requests.at(-1)).toMatchObject({ purpose: 'activate', automatic: true });
  });

  test('a server that does not know the license of an altered token is asked to activate', async () => {
    const { client, folder, server, world } = await start();
    await until(client, 'active');
    server.seats.delete(world.licenseKey);
    const database = new Database(folder.store);
    onTestFinished(() => void database.close());
    database.exec("UPDATE license SET answer = replace(answer, 'A', 'B')");
    expect((await client.status()).state).toBe('invalid');
    // The refusal comes at once, the activation after a back-off of seconds; a person need not wait.
    await vi.waitFor(() => expect(server.requests).toHaveLength(2));
    await vi.waitFor(async () =>
      expect((await client.status()).lastRefresh?.outcome).toBe('unknown_license'),
    );
    await askDaemon(join(folder.path, 'admin.sock'), {
      method: 'POST',
      path: '/v1/refresh',
      timeoutMs: 5000,
    });
    expect(server.requests.at(-1)?.purpose).toBe('activate');
    expect((await client.status()).state).toBe('active');
  });
});

describe('enrolling', () => {
  test('under another vendor root is refused, and nothing changes', async () => {
    const { client, daemon, folder } = await start();
    await until(client, 'active');
    const file = join(folder.state, 'enrollment.json');
    const before = readFileSync(file, 'utf8');
    const other = JSON.stringify(new World().enrollment());
    expect(await codeOf(() => post(daemon, '/v1/enrollment', other))).toBe('enrollment_other_root');
    expect(await codeOf(() => post(daemon, '/v1/enrollment', '{"version":1}'))).toBe('enrollment_malformed');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect((await client.status()).state).toBe('active');
  });

  test('at another server of the vendor replaces the license by one of that server', async () => {
    const { client, daemon, folder, world, clock } = await start();
    await until(client, 'active');
    const other = new World();
    Object.assign(other, {
      root: world.root,
      serverKey: world.serverKey,
      purchase: world.purchase,
      appId: world.appId,
    });
    const server = await SigningServer.start(other, () => clock.wall);
    const enrollment = { ...folder.enrollment, serverId: other.serverId, serverUrls: [server.url] };
    await post(daemon, '/v1/enrollment', JSON.stringify(enrollment));
    await until(client, 'active');
    expect(server.requests.map(({ purpose }) => purpose)).toEqual(['activate']);
    expect((await client.status()).license).toBe(server.seats.get(world.licenseKey)?.license);
  });
});

describe('the local API', () => {
  /** What `curl --unix-socket` would show. */
  function curl(
    socketPath: string,
    method: string,
    path: string,
    body = '',
    language = '*',
  ): Promise<[number, { error?: string; message?: string; remedy?: string }]> {
    return new Promise((resolve, reject) => {
      const call = request(
        { socketPath, method, path, headers: { 'accept-language': language } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => resolve([response.statusCode ?? 0, JSON.parse(text)]));
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  }

  test.each([
    ['agent', 'GET', '/v1/nothing', '', 404, 'not_found'],
    ['agent', 'GET', '/__proto__', '', 404, 'not_found'],
    ['agent', 'POST', '/v1/status', '', 405, 'method_not_allowed'],
    ['agent', 'GET', '/v1/check?media=smell', '', 400, 'parameter_invalid'],
    ['agent', 'POST', '/v1/activate', '', 404, 'not_found'],
    ['admin', 'GET', '/v1/activate', '', 405, 'method_not_allowed'],
    ['admin', 'POST', '/v1/enrollment', 'x'.repeat(300_000), 413, 'payload_too_large'],
    ['admin', 'POST', '/v1/enrollment', 'x', 400, 'enrollment_malformed'],
  ] as const)('%s.sock %s %s → %d %s', async (socket, method, path, body, status, error) => {
    const { daemon } = await start({ enrolled: false });
    const [actual, answer] = await curl(daemon.sockets[socket], method, path, body);
    expect([actual, answer.error]).toEqual([status, error]);
    expect(`${answer.message}${answer.remedy}`).not.toMatch(/undefined|\p{Script=Han}/u);
    const [, chinese] = await curl(daemon.sockets[socket], method, path, body, 'zh-CN,en;q=0.5');
    for (const text of [chinese.message, chinese.remedy]) expect(text).toMatch(/\p{Script=Han}/u);
    expect(englishIn(`${chinese.message}${chinese.remedy}`)).toEqual([]);
  });

  test('answers one medium at a time', async () => {
    const world = new World({ sku: { ...new World().purchase.sku, mediaType: 1 } });
    const clock = new FakeClock();
    const server = await SigningServer.start(world, () => clock.wall);
    const folder = new AgentFolder(world);
    folder.enroll(server.url);
    const daemon = await runDaemon(folder, clock);
    const client = new LicenseClient({ socket: daemon.sockets.agent });
    await until(client, 'active');
    expect(await client.check('audio')).toMatchObject({ allowed: true, reason: 0 });
    expect(await client.check('video')).toMatchObject({
      allowed: false,
      reason: 1,
      because: 'media_not_licensed',
    });
    expect(await client.check()).toMatchObject({ allowed: true, media: null });
  });

  test('a daemon that is not there, or that is not one, is told from a verdict', async () => {
    const folder = new AgentFolder(new World());
    const socket = join(folder.path, 'agent.sock');
    const client = new LicenseClient({ socket, timeoutMs: 200 });
    expect(await codeOf(() => client.check())).toBe('daemon_down');
    const strange = createServer((connection) => connection.end('hello'));
    await new Promise<void>((resolve) => strange.listen(socket, resolve));
    onTestFinished(() => void strange.close());
    expect(await codeOf(() => client.check())).toBe('daemon_down');
  });
});
