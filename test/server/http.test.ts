import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../../server-stub/http/problems.ts';
import { revokeCredential } from '../../server-stub/licensing/credentials.ts';
import { englishIn } from '../support/chinese.ts';
import { TestServer } from '../support/server.ts';
import { NOW } from '../support/world.ts';

const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });

describe('who may call', () => {
  test('without, with wrong or with malformed credentials: 401 with a challenge, and nothing activated', async () => {
    const server = await TestServer.start();
    const { customerId } = server.folder.credential;
    const path = `/dabiz/license/v2/active?pid=${server.world.purchase.pid}&licenseKey=SN-1&appid=${server.world.appId}`;
    for (const headers of [
      {},
      basic(`${customerId}:wrong`),
      basic('nobody:wrong'),
      { authorization: 'Bearer x' },
      { authorization: 'Basic !!' },
      basic('no-colon'),
    ]) {
      const response = await fetch(server.url + path, { method: 'POST', headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Basic realm="license"');
      expect(await response.json()).toMatchObject({
        code: 401,
        error: 'unauthorized',
        requestId: expect.any(String),
      });
    }
    expect(await server.store.reader.selectFrom('license').selectAll().execute()).toEqual([]);
  });

  test('a revoked pair is refused', async () => {
    const server = await TestServer.start();
    await server.store.write(NOW, (trx) =>
      revokeCredential(trx, server.folder.credential.customerId, 'operator:test'),
    );
    expect((await server.activate('SN-1')).status).toBe(401);
  });

  test('over the rate limit: 429 with Retry-After', async () => {
    const server = await TestServer.start({ rateLimitPerSecond: 5 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => server.activate(`SN-${index}`)),
    );
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThanOrEqual(10);
    expect(limited[0]?.headers.get('retry-after')).toBe('1');
    expect(limited[0]?.body).toMatchObject({ code: 429, error: 'rate_limited' });
  });
});

describe('what goes wrong says so in the envelope', () => {
  test.each([
    ['a missing parameter', { licenseKey: 'SN-1', appid: 'APP' }, 'parameter_missing', '缺少参数 pid'],
    [
      'a PID of 65 characters',
      { pid: 'x'.repeat(65), licenseKey: 'SN-1', appid: 'APP' },
      'parameter_invalid',
      '参数 pid 错误：不得多于 64 个字符',
    ],
    [
      'an empty LicenseKey',
      { pid: 'PID', licenseKey: '', appid: 'APP' },
      'parameter_invalid',
      '参数 licenseKey 错误：不得少于 1 个字符',
    ],
    [
      'an unknown App',
      { pid: 'PID', licenseKey: 'SN-1', appid: 'f'.repeat(32) },
      'unknown_app',
      `App ${'f'.repeat(32)} 不存在`,
    ],
    [
      'an unknown PID',
      { pid: 'F'.repeat(32), licenseKey: 'SN-1', appid: 'APP' },
      'unknown_pid',
      `PID ${'F'.repeat(32)} 未授权给该企业`,
    ],
    [
      'a LicenseKey of 129 bytes',
      { pid: 'PID', licenseKey: 'x'.repeat(129), appid: 'APP' },
      'license_key_invalid',
      'licenseKey 必须为 1–128 字节的可打印字符，首尾不能有空格',
    ],
    [
      'a LicenseKey with a control character',
      { pid: 'PID', licenseKey: 'a\u0007b', appid: 'APP' },
      'license_key_invalid',
      /^licenseKey/,
    ],
  ])('%s', async (_, parameters, error, message) => {
    const server = await TestServer.start();
    const fill = (value: string) =>
      value.replace('PID', server.world.purchase.pid).replace('APP', server.world.appId);
    const query = new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, fill(value)]));
    const { status, body } = await server.call('POST', `/dabiz/license/v2/active?${query}`);
    expect([status, body.code, body.error]).toEqual([400, 400, error]);
    expect(body.message).toMatch(message);
    expect(englishIn(body.message)).toEqual([]);
    const english = await server.call('POST', `/dabiz/license/v2/active?${query}`, {
      'accept-language': 'en-GB,en;q=0.9',
    });
    expect(english.body.message).not.toMatch(/[\u4e00-\u9fff]/);
  });

  test('an App of another company looks like an unknown one', async () => {
    const server = await TestServer.start();
    const foreign = 'e'.repeat(32);
    await server.store.write(NOW, async ({ db }) => {
      await db.insertInto('company').values({ cid: '999', name: 'Other', created_at: NOW }).execute();
      await db
        .insertInto('app')
        .values({
          app_id: foreign,
          cid: '999',
          vid: '1',
          name: 'x',
          preallocation: 0,
          pcu: null,
          fingerprint_key: 'A'.repeat(43),
          created_at: NOW,
        })
        .execute();
    });
    const unknown = await server.activate('SN-1', { appId: 'f'.repeat(32) });
    const other = await server.activate('SN-1', { appId: foreign });
    expect([other.status, other.body.error]).toEqual([unknown.status, unknown.body.error]);
    expect((await server.detail('SN-1', { appId: foreign })).body.error).toBe('unknown_app');
  });

  test('an expired license is not activated again', async () => {
    const server = await TestServer.start();
    await server.activate('SN-1');
    server.clock.time = NOW + 366 * 86_400;
    expect((await server.activate('SN-1')).body).toMatchObject({ code: 400, error: 'license_expired' });
  });

  test('unknown paths are 404, known paths with another method 405 with Allow', async () => {
    const server = await TestServer.start();
    expect(await server.call('GET', '/dabiz/license/v3/active')).toMatchObject({
      status: 404,
      body: { code: 404, error: 'not_found' },
    });
    const wrong = await server.call('GET', '/dabiz/license/v2/active');
    expect(wrong).toMatchObject({ status: 405, body: { code: 405, error: 'method_not_allowed' } });
    expect(wrong.headers.get('allow')).toBe('POST');
  });

  test('detail of what was never activated', async () => {
    const server = await TestServer.start();
    expect((await server.detail('SN-1')).body).toMatchObject({
      code: 400,
      error: 'unknown_license',
      message: '许可证不存在',
    });
  });
});

describe('old clients', () => {
  test.each([
    ['no content type', {}],
    ['a form content type', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON without a body', { 'content-type': 'application/json' }],
  ])('a POST with an empty body and %s is served', async (_, headers) => {
    const server = await TestServer.start();
    const path = `/dabiz/license/v1/active?pid=${server.world.purchase.pid}&licenseKey=SN-1&appid=${server.world.appId}&extra=1`;
    expect((await server.call('POST', path, headers)).status).toBe(200);
  });
});

test('health and readiness', async () => {
  const server = await TestServer.start();
  expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' });
  expect(await (await fetch(`${server.url}/readyz`)).json()).toEqual({ status: 'ready' });
});

describe('strangers', () => {
  test.each(['/:a(((', '/*/x', '/%', '/a%00b'])('get a 404 in the envelope for %s', async (path) => {
    const server = await TestServer.start();
    const response = await fetch(server.url + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      code: 404,
      error: 'not_found',
      requestId: expect.any(String),
    });
  });

  test('who send floods of nothing are refused before anything is built up of it', async () => {
    const server = await TestServer.start();
    const send = async (body: string) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${server.url}/v1/license-requests`, { method: 'POST', headers, body });
      return [response.status, ((await response.json()) as Problem).error];
    };
    expect(await send(`[${'[],'.repeat(1_000_000)}[]]`)).toEqual([400, 'document_malformed']);
    expect(await send(`[${'[],'.repeat(2_000_000)}[]]`)).toEqual([413, 'payload_too_large']);
  });
});

test.each(['%E0%A4%A', '%C0%AF', '%ED%A0%80'])(
  'a LicenseKey in a broken encoding (%s) costs no seat',
  async (key) => {
    const server = await TestServer.start();
    const { appId, purchase } = server.world;
    const path = `/dabiz/license/v2/active?pid=${purchase.pid}&appid=${appId}&licenseKey=${key}`;
    expect(await server.call('POST', path)).toMatchObject({
      status: 400,
      body: { error: 'parameter_invalid' },
    });
    expect(await server.store.reader.selectFrom('license').selectAll().execute()).toEqual([]);
  },
);

test('while another process writes the store, the server goes on, and what must wait is done after', async () => {
  const server = await TestServer.start();
  const other = new Database(server.folder.store);
  other.exec('begin immediate');
  const activation = server.activate('SN-1');
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect((await server.detail('SN-1')).body.error).toBe('unknown_license');
  other.exec('rollback');
  other.close();
  expect((await activation).status).toBe(200);
});
