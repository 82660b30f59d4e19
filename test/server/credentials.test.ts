import { describe, expect, test } from 'vitest';
import {
  createCredential,
  revokeCredential,
  rotateCredential,
} from '../../server-stub/licensing/credentials.ts';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import type { OpenApiClient } from '../support/openapi-client.ts';
import { passTime, stopTime } from '../support/pass-time.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';

endClusterAfterAll();

const HOUR = 3600;
const OPERATOR = 'operator:test';

/** Longer than a pair is believed without asking the store, and than calls are counted. */
const forgotten = () => passTime(1050);

const detailStatus = async (client: OpenApiClient) => (await client.detail('SN-1')).status;

describe.each(ENGINES)('credentials, store in %s', (engine) => {
  test('a company has several pairs; each is revoked by itself', async () => {
    const server = await TestServer.start({ engine });
    await server.activate('SN-1');
    const second = await server.createCredential('full');
    const client = server.clientWith(second);
    expect(await detailStatus(client)).toBe(200);
    await server.store.write(server.clock.now(), (trx) => revokeCredential(trx, second.customerId, OPERATOR));
    forgotten();
    expect(await detailStatus(client)).toBe(401);
    expect(await detailStatus(server)).toBe(200);
    await throwsWithCode(
      server.store.write(server.clock.now(), (trx) => revokeCredential(trx, second.customerId, OPERATOR)),
      'unknown_credential',
    );
  });

  test('after a rotation both secrets are believed until the overlap ends, then the new one alone', async () => {
    const server = await TestServer.start({ engine });
    await server.activate('SN-1');
    const old = await server.createCredential('full');
    const rotate = (hours: number) =>
      server.store.write(server.clock.now(), (trx) =>
        rotateCredential(trx, old.customerId, hours * HOUR, OPERATOR),
      );
    const rotated = await rotate(2);
    expect(rotated).toMatchObject({
      customerId: old.customerId,
      scope: 'full',
      previousUntil: server.clock.time + 2 * HOUR,
    });
    expect(rotated.customerSecret).not.toBe(old.customerSecret);
    const [before, after] = [server.clientWith(old), server.clientWith(rotated)];
    expect([await detailStatus(before), await detailStatus(after)]).toEqual([200, 200]);
    server.clock.time += 2 * HOUR;
    forgotten();
    expect([await detailStatus(before), await detailStatus(after)]).toEqual([401, 200]);

    // A secret that became known ends at once, and so does one that was rotated away before.
    const third = await rotate(2);
    const fourth = await rotate(0);
    forgotten();
    const statuses = [old, rotated, third, fourth].map((pair) => detailStatus(server.clientWith(pair)));
    expect(await Promise.all(statuses)).toEqual([401, 401, 401, 200]);
    const actions = await server.store.reader
      .selectFrom('audit')
      .select(['action', 'detail'])
      .where('subject', '=', old.customerId)
      .orderBy('seq')
      .execute();
    expect(actions.map(({ action }) => action)).toEqual([
      'credential.create',
      ...Array(3).fill('credential.rotate'),
    ]);
    expect(JSON.stringify(actions)).not.toContain(fourth.customerSecret);
    expect((await verifyTrail(server.store.reader, server.world.cid)).brokenAt).toBeUndefined();
  });

  test('a revoked pair is not rotated back to life', async () => {
    const server = await TestServer.start({ engine });
    const pair = await server.createCredential('full');
    await server.store.write(server.clock.now(), (trx) => revokeCredential(trx, pair.customerId, OPERATOR));
    await throwsWithCode(
      server.store.write(server.clock.now(), (trx) => rotateCredential(trx, pair.customerId, 0, OPERATOR)),
      'unknown_credential',
    );
    expect(await detailStatus(server.clientWith(pair))).toBe(401);
  });

  test('a pair of another company opens nothing of this one', async () => {
    const server = await TestServer.start({ engine });
    await server.activate('SN-1');
    const other = await secondCompany(server);
    const pair = await server.store.write(server.clock.now(), (trx) =>
      createCredential(trx, other.cid, 'full', OPERATOR),
    );
    const { status, body } = await server.clientWith(pair).detail('SN-1');
    expect([status, body.error]).toEqual([400, 'unknown_app']);
  });

  test('the day of the last use is kept, and only that', async () => {
    const server = await TestServer.start({ engine });
    const unused = await server.createCredential('activate');
    server.clock.time += 5 * HOUR;
    await server.detail('SN-1');
    await server.detail('SN-2');
    await server.stop();
    const again = await TestServer.start({ engine, folder: server.folder });
    const rows = await again.store.reader
      .selectFrom('credential')
      .select(['customer_id', 'last_used_at'])
      .execute();
    const days = Object.fromEntries(rows.map((row) => [row.customer_id, row.last_used_at]));
    expect(days).toEqual({
      [server.folder.credential.customerId]: server.clock.time - (server.clock.time % 86_400),
      [unused.customerId]: null,
    });
  });

  test('a label is a line of text', async () => {
    const server = await TestServer.start({ engine });
    const create = (label: string) =>
      server.store.write(server.clock.now(), (trx) =>
        createCredential(trx, server.world.cid, 'full', OPERATOR, { label }),
      );
    expect((await create('教务系统 backend')).label).toBe('教务系统 backend');
    await throwsWithCode(create('two\nlines'), 'parameter_invalid');
    await throwsWithCode(create('x'.repeat(101)), 'parameter_invalid');
  });
});

describe('credentials of scope activate', () => {
  test('make the calls that devices need, and no other', async () => {
    const server = await TestServer.start();
    const { appId, purchase, renewal } = server.world;
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('app').set({ legacy_pid: purchase.pid }).where('app_id', '=', appId).execute(),
    );
    const client = server.clientWith(await server.createCredential('activate'));
    for (const version of ['v1', 'v2']) {
      expect((await client.activate('SN-1', { version })).status).toBe(200);
      expect((await client.detail('SN-1', { version })).status).toBe(200);
    }
    const batch = { pid: purchase.pid, licenseKeys: ['SN-2'] };
    expect((await client.post(`/dabiz/license/v2/active/batch?appid=${appId}`, batch)).status).toBe(200);
    const cert = await client.post(`/dev/v3/apps/${appId}/licenses/activation`, {
      credential: 'x',
      custom: 'SN-3',
    });
    expect(cert.status).toBe(200);
    expect((await client.call('GET', `/dev/v3/apps/${appId}/licenses`)).status).toBe(200);

    const others = [
      ['POST', `/allocate?appid=${appId}`],
      ['GET', `/product/allocations?appid=${appId}`],
      ['POST', `/renew?appid=${appId}&renewId=${renewal.renewId}&license=${'A'.repeat(32)}`],
      ['POST', `/vendor/pad/switch?appid=${appId}`],
      ['POST', `/pad/add?appid=${appId}&licenseKey=SN-9`],
      ['POST', `/pad/upload?appid=${appId}`],
      ['POST', `/pad/delete?appid=${appId}`],
      ['POST', `/pad/clear?appid=${appId}`],
      ['GET', `/pads/search?appid=${appId}&licenseKey=SN-9`],
      ['GET', `/pads?appid=${appId}`],
      ['GET', `/pads/export?appid=${appId}`],
    ] as const;
    for (const version of ['v1', 'v2'])
      for (const [method, path] of others) {
        const { status, body } = await client.call(method, `/dabiz/license/${version}${path}`);
        expect([path, status, body.error]).toEqual([path, 400, 'scope_insufficient']);
        expect(body.message).toBe('权限范围为 activate 的凭证不能调用该接口');
      }
  });
});

describe('wrong credentials', () => {
  test('are limited for an address, while pairs that were right before go on being served', async () => {
    const server = await TestServer.start();
    await server.activate('SN-1');
    await server.detail('SN-1');
    stopTime();
    forgotten();
    const guess = (_: unknown, index: number) =>
      server.clientWith({ customerId: 'f'.repeat(32), customerSecret: `guess ${index}` }).detail('SN-1');
    const guesses = await Promise.all(Array.from({ length: 200 }, guess));
    const [refused, limited] = [401, 429].map((wanted) => guesses.filter(({ status }) => status === wanted));
    expect([refused?.length, limited?.length]).toEqual([20, 180]);
    expect(limited?.[0]?.headers.get('retry-after')).toBe('1');
    expect(limited?.[0]?.body).toMatchObject({ code: 429, error: 'rate_limited' });
    const flood = Array.from({ length: 200 }, guess);
    expect(await detailStatus(server)).toBe(200);
    await Promise.all(flood);
    forgotten();
    const newcomer = server.clientWith(await server.createCredential('full'));
    expect(await detailStatus(newcomer)).toBe(200);
  });

  test('a client that begins with a hundred connections is one attempt', async () => {
    const server = await TestServer.start();
    await server.activate('SN-1');
    const newcomer = server.clientWith(await server.createCredential('full'));
    const statuses = await Promise.all(Array.from({ length: 100 }, () => detailStatus(newcomer)));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('no credentials at all cost nothing and are asked for, however often', async () => {
    const server = await TestServer.start();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => fetch(`${server.url}/dabiz/license/v2/detail?appid=a&key=b`)),
    );
    expect(answers.every(({ status }) => status === 401)).toBe(true);
  });

  test.each([
    ['a customerId in other letters', (id: string, secret: string) => `${id.toUpperCase()}:${secret}`],
    ['a customerId with U+0000', (id: string, secret: string) => `${id}\0:${secret}`],
    ['a secret with something behind', (id: string, secret: string) => `${id}:${secret} `],
    ['an empty secret', (id: string) => `${id}:`],
    ['no customerId', (_: string, secret: string) => `:${secret}`],
  ])('%s: 401', async (_, pairOf) => {
    const server = await TestServer.start();
    const { customerId, customerSecret } = server.folder.credential;
    const authorization = `Basic ${Buffer.from(pairOf(customerId, customerSecret)).toString('base64')}`;
    const { status } = await server.call('GET', '/dabiz/license/v2/detail?appid=a&key=b', { authorization });
    expect(status).toBe(401);
  });
});
