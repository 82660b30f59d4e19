import { describe, expect, test } from 'vitest';
import type { Answer } from '#core/documents/answer.ts';
import { newId } from '#core/ids.ts';
import { generateSigningKey } from '#core/keys.ts';
import { acceptClock } from '../../server-stub/licensing/accept-clock.ts';
import { revokeEnrollment } from '../../server-stub/licensing/enrollments.ts';
import { board, TestDevice } from '../support/device.ts';
import { TestServer } from '../support/server.ts';
import { NOW } from '../support/world.ts';

const DAY = 86_400;

async function used(server: TestServer): Promise<number> {
  const rows = await server.store.reader.selectFrom('quota').select('used').execute();
  return rows.reduce((sum, row) => sum + row.used, 0);
}

async function actions(server: TestServer): Promise<string[]> {
  const rows = await server.store.reader.selectFrom('audit').select('action').orderBy('seq').execute();
  return rows.map(({ action }) => action);
}

describe('activation of a device', () => {
  test('an enrolled device gets a token that proves itself up to the vendor root, for one seat', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const answer = await device.ask();
    expect(answer).toMatchObject({
      kind: 'token',
      token: { licenseKey: 'SN-1', activationTime: NOW, expireTime: NOW + 365 * DAY, exp: NOW + 90 * DAY },
    });
    expect(await used(server)).toBe(1);
    expect((await actions(server)).slice(-2)).toEqual(['license.activate', 'license.bind']);
  });

  test.each(['suspended', 'rebound'] as const)(
    'a token is not given again once the license was %s',
    async (since) => {
      const server = await TestServer.start();
      const device = new TestDevice(server, await server.enrollment(), 'SN-1');
      const compact = await device.request();
      const { body } = await device.send(compact);
      const first = await device.verify(body);
      const { license } = await server.store.reader
        .selectFrom('license')
        .select('license')
        .executeTakeFirstOrThrow();
      await server.store.write(NOW, ({ db }) =>
        db
          .updateTable('license')
          .set(
            since === 'suspended' ? { state: 'suspended' } : { device_jkt: generateSigningKey().thumbprint },
          )
          .execute(),
      );
      const again = await device.verify((await device.send(compact)).body);
      const code = since === 'suspended' ? 'suspended' : 'different_device';
      expect([first.kind, again]).toMatchObject(['token', { kind: 'denial', denial: { code, license } }]);
    },
  );

  test('a request that tells less of the board lets no other board be taken for it', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    const { macs = [] } = board('SN-1');
    expect((await device.ask({ purpose: 'refresh', fingerprint: { macs } })).kind).toBe('token');
    const cloned = { ...board('other'), macs };
    expect(await device.ask({ purpose: 'refresh', fingerprint: cloned })).toMatchObject({
      denial: { code: 'different_device' },
    });
    expect((await device.ask({ purpose: 'refresh' })).kind).toBe('token');
  });

  test('the same request again gets the same answer; a new request of the device the same license', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const compact = await device.request();
    const first = await device.verify((await device.send(compact)).body);
    server.clock.time += DAY;
    const again = await device.verify((await device.send(compact)).body);
    expect(again).toEqual(first);
    const other = await device.ask();
    expect(
      other.kind === 'token' && first.kind === 'token' && other.token.license === first.token.license,
    ).toBe(true);
    expect(await used(server)).toBe(1);
  });

  test('50 requests of one device at once, each a jti of its own, cost one seat', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment({ maxActivations: 1 }), 'SN-1');
    const answers = await Promise.all(Array.from({ length: 50 }, () => device.ask()));
    expect(new Set(answers.map((answer) => answer.kind === 'token' && answer.token.license)).size).toBe(1);
    expect(await used(server)).toBe(1);
  });

  test('a stranger is turned away with 401 before its signature is looked at', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const compact = await device.request({ enrollment: { id: newId(), hmac: 'A'.repeat(43) } });
    const forged = `${compact.slice(0, compact.lastIndexOf('.'))}.${'A'.repeat(86)}`;
    expect(await device.send(forged)).toMatchObject({ status: 401, body: { error: 'enrollment_rejected' } });
    const proven = await device.request();
    const unsigned = `${proven.slice(0, proven.lastIndexOf('.'))}.${'A'.repeat(86)}`;
    expect(await device.send(unsigned)).toMatchObject({ status: 400, body: { error: 'signature_invalid' } });
    expect(await used(server)).toBe(0);
  });

  test('a license activated through the OpenAPI is bound by the first agent with its LicenseKey', async () => {
    const server = await TestServer.start();
    const { body } = await server.activate('SN-1');
    const answer = await new TestDevice(server, await server.enrollment(), 'SN-1').ask();
    expect(answer).toMatchObject({ kind: 'token', token: { license: body.data.license } });
    expect(await used(server)).toBe(1);
  });

  test('an enrollment gives no more new seats than its maximum, none once over or revoked', async () => {
    const server = await TestServer.start();
    const enrollment = await server.enrollment({ maxActivations: 2 });
    const devices = ['SN-1', 'SN-2', 'SN-3'].map((key) => new TestDevice(server, enrollment, key));
    const answers = await Promise.all(devices.map((device) => device.ask()));
    expect(answers.filter(({ kind }) => kind === 'token')).toHaveLength(2);
    expect(answers.find(({ kind }) => kind === 'denial')).toMatchObject({
      denial: { code: 'enrollment_exhausted' },
    });

    const over = await server.enrollment({ expiresAt: NOW - 1 });
    await expect(new TestDevice(server, over, 'SN-4').ask()).rejects.toThrow('401 enrollment_rejected');
    const revoked = await server.enrollment();
    await server.store.write(NOW, (trx) => revokeEnrollment(trx, revoked.enrollment.id, 'operator:test'));
    await expect(new TestDevice(server, revoked, 'SN-5').ask()).rejects.toThrow('401 enrollment_rejected');
    // Devices that activated go on without it.
    expect(
      (await devices.find((_, index) => answers[index]?.kind === 'token')?.ask({ purpose: 'refresh' }))?.kind,
    ).toBe('token');
  });

  test('an enrollment proves nothing for another App or PID', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await expect(device.ask({ appId: server.world.otherAppId })).rejects.toThrow('401');
    await expect(device.ask({ pid: newId() })).rejects.toThrow('401');
  });

  test('when the quota is gone the device is denied, and what it holds is not concerned', async () => {
    const server = await TestServer.start({ lines: (world) => [{ ...world.purchase, count: 1 }] });
    const enrollment = await server.enrollment();
    await new TestDevice(server, enrollment, 'SN-1').ask();
    const answer = await new TestDevice(server, enrollment, 'SN-2').ask();
    expect(answer).toMatchObject({ kind: 'denial', denial: { code: 'quota_exhausted' } });
    expect(answer.kind === 'denial' && 'license' in answer.denial).toBe(false);
  });
});

describe('which device holds a license', () => {
  test('a reinstalled system on the same board gets its license back, without a second seat', async () => {
    const server = await TestServer.start();
    const enrollment = await server.enrollment();
    const before = await new TestDevice(server, enrollment, 'SN-1').ask();
    const after = await new TestDevice(server, enrollment, 'SN-1').ask();
    expect(
      after.kind === 'token' && before.kind === 'token' && after.token.license === before.token.license,
    ).toBe(true);
    expect(await used(server)).toBe(1);
    expect((await actions(server)).at(-1)).toBe('license.rebind');
  });

  test('another board with the same LicenseKey is a different device; the first goes on', async () => {
    const server = await TestServer.start();
    const enrollment = await server.enrollment();
    const first = new TestDevice(server, enrollment, 'SN-1', board('a'));
    await first.ask();
    const second = new TestDevice(server, enrollment, 'SN-1', board('z'));
    expect(await second.ask()).toMatchObject({ kind: 'denial', denial: { code: 'different_device' } });
    expect((await first.ask({ purpose: 'refresh' })).kind).toBe('token');
    const unknown = new TestDevice(server, enrollment, 'SN-1', { macs: board('a').macs ?? [] });
    expect(await unknown.ask()).toMatchObject({ kind: 'denial', denial: { code: 'different_device' } });
  });

  test('a disk cloned to another board has the key and still is a different device', async () => {
    const server = await TestServer.start();
    const enrollment = await server.enrollment();
    const original = new TestDevice(server, enrollment, 'SN-1', board('a'));
    await original.ask();
    const clone = new TestDevice(server, enrollment, 'SN-1', board('z'), original.key);
    expect(await clone.ask({ purpose: 'refresh' })).toMatchObject({
      kind: 'denial',
      denial: { code: 'different_device' },
    });
    expect((await original.ask({ purpose: 'refresh' })).kind).toBe('token');
  });

  test('the earlier key of a rebound license is told so by a signed denial', async () => {
    const server = await TestServer.start();
    const enrollment = await server.enrollment();
    const before = new TestDevice(server, enrollment, 'SN-1');
    const held = await before.ask();
    await new TestDevice(server, enrollment, 'SN-1').ask();
    expect(await before.ask({ purpose: 'refresh' })).toMatchObject({
      kind: 'denial',
      denial: { code: 'different_device', license: held.kind === 'token' ? held.token.license : '' },
    });
  });

  test('a board that is reinstalled every month is recognised, more often than that an operator is asked', async () => {
    const server = await TestServer.start();
    const enrollment = await server.enrollment();
    const install = () => new TestDevice(server, enrollment, 'SN-1').ask();
    await install();
    for (let rebind = 0; rebind < 12; rebind += 1) expect((await install()).kind).toBe('token');
    expect(await install()).toMatchObject({ denial: { code: 'rebind_limit' } });
    server.clock.time += 364 * DAY;
    expect(await install()).toMatchObject({ denial: { code: 'rebind_limit' } });
    server.clock.time += DAY;
    expect((await install()).kind).toBe('denial');
    expect(await used(server)).toBe(1);
  });

  test('an account license follows the person, ten takeovers a day at most', async () => {
    const server = await TestServer.start({ world: { category: 'account' } });
    const enrollment = await server.enrollment();
    const phone = new TestDevice(server, enrollment, 'user-1', board('a'));
    expect(await phone.ask()).toMatchObject({ token: { exp: NOW + 7 * DAY, graceSeconds: DAY } });
    for (let takeover = 0; takeover < 10; takeover += 1) {
      expect((await new TestDevice(server, enrollment, 'user-1', board(`t${takeover}`)).ask()).kind).toBe(
        'token',
      );
    }
    expect(await phone.ask({ purpose: 'refresh' })).toMatchObject({ denial: { code: 'different_device' } });
    const eleventh = new TestDevice(server, enrollment, 'user-1', board('x'));
    expect(await eleventh.ask()).toMatchObject({ denial: { code: 'takeover_limit' } });
    server.clock.time += DAY;
    expect((await eleventh.ask()).kind).toBe('token');
    expect(await used(server)).toBe(1);
  });

  test('a key known for one license is no key to another LicenseKey', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    await server.activate('SN-2');
    const { enrollment: _, ...unproven } = JSON.parse(
      Buffer.from((await device.request({ licenseKey: 'SN-2' })).split('.')[1] ?? '', 'base64url').toString(),
    );
    expect(unproven.licenseKey).toBe('SN-2');
    const refused = await device.send(await device.request({ licenseKey: 'SN-2', purpose: 'refresh' }));
    expect(refused).toMatchObject({ status: 401, body: { error: 'enrollment_rejected' } });
  });
});

describe('refresh', () => {
  test('extends the token, never past the end of the license; after the end it still answers', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    server.clock.time = NOW + 300 * DAY;
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({
      token: { iat: NOW + 300 * DAY, exp: NOW + 365 * DAY },
    });
    server.clock.time = NOW + 400 * DAY;
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({ token: { exp: NOW + 365 * DAY } });
    expect(await device.ask()).toMatchObject({ denial: { code: 'license_expired' } });
  });

  test('writes no audit row', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    const before = await actions(server);
    await device.ask({ purpose: 'refresh' });
    expect(await actions(server)).toEqual(before);
  });

  test('a lower counter is noted for the operator and ends nothing', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask({ counter: 100 });
    expect((await device.ask({ purpose: 'refresh', counter: 5 })).kind).toBe('token');
    const [seen] = await server.store.reader.selectFrom('device_key').selectAll().execute();
    expect(seen).toMatchObject({ counter: 100, counter_fell_at: NOW });
  });

  test('a suspended license is denied as suspended, an unknown one as unknown', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const held = await device.ask();
    await server.store.write(NOW, ({ db }) =>
      db.updateTable('license').set({ state: 'suspended' }).execute(),
    );
    const license = held.kind === 'token' ? held.token.license : '';
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({
      denial: { code: 'suspended', license },
    });
    expect(
      await new TestDevice(server, device.enrollment, 'SN-9', board('n'), device.key).ask({
        purpose: 'refresh',
      }),
    ).toMatchObject({
      denial: { code: 'unknown_license' },
    });
  });
});

describe('what one sender does is no matter of the others', () => {
  test('one jti belongs to one key, also at the same moment', async () => {
    const server = await TestServer.start();
    const enrollment = await server.enrollment();
    const [one, two] = ['SN-1', 'SN-2'].map((key) => new TestDevice(server, enrollment, key)) as [
      TestDevice,
      TestDevice,
    ];
    const jti = newId();
    const requests = await Promise.all([one, one, two, two].map((device) => device.request({ jti })));
    const answers = await Promise.all(
      requests.map((compact, index) => (index < 2 ? one : two).send(compact)),
    );
    // Whichever came first has it.
    const [own, others] =
      answers[0]?.status === 200
        ? [answers.slice(0, 2), answers.slice(2)]
        : [answers.slice(2), answers.slice(0, 2)];
    const holder = answers[0]?.status === 200 ? one : two;
    const [first, again] = await Promise.all(own.map(({ body }) => holder.verify(body)));
    expect(first).toEqual(again);
    for (const other of others)
      expect(other).toMatchObject({ status: 400, body: { error: 'answer_for_another_device' } });
    expect(await used(server)).toBe(1);
  });

  test('two requests of one LicenseKey with no seat left are told the same', async () => {
    const server = await TestServer.start({ lines: (world) => [{ ...world.purchase, count: 1 }] });
    const enrollment = await server.enrollment();
    await new TestDevice(server, enrollment, 'SN-0').ask();
    const device = new TestDevice(server, enrollment, 'SN-1');
    for (const answer of await Promise.all([device.ask(), device.ask()])) {
      expect(answer).toMatchObject({ denial: { code: 'quota_exhausted' } });
    }
  });

  test('a company without a certificate fails alone, and its Apps are unknown to the devices of others', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    const foreign = 'e'.repeat(32);
    await server.store.write(NOW, async ({ db }) => {
      await db.insertInto('company').values({ cid: '999', name: 'Other', created_at: NOW }).execute();
      const app = { app_id: foreign, cid: '999', vid: '1', name: 'x', preallocation: 0, pcu: null };
      await db
        .insertInto('app')
        .values({ ...app, fingerprint_key: 'A'.repeat(43), created_at: NOW })
        .execute();
    });
    await expect(device.ask({ appId: foreign, purpose: 'refresh' })).rejects.toThrow(
      '401 enrollment_rejected',
    );
    expect((await device.ask({ purpose: 'refresh' })).kind).toBe('token');
  });

  test('which license another device holds is not told to a stranger', async () => {
    const server = await TestServer.start();
    const enrollment = await server.enrollment();
    await new TestDevice(server, enrollment, 'SN-1', board('a')).ask();
    const answer = await new TestDevice(server, enrollment, 'SN-1', board('z')).ask();
    expect(answer.kind === 'denial' && answer.denial.license).toBeUndefined();
  });
});

describe('a server that may not issue', () => {
  test('answers 503 while its clock is behind its audit trail, takes small lags, and goes on once the clock is accepted', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    server.clock.time = NOW + 10 * DAY;
    await device.ask();
    server.clock.time = NOW + 10 * DAY - 299;
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({ token: { iat: NOW + 10 * DAY } });
    server.clock.time = NOW;
    await expect(device.ask({ purpose: 'refresh' })).rejects.toThrow('503 clock_behind_audit');
    expect(await server.activate('SN-2')).toMatchObject({
      status: 503,
      body: { error: 'clock_behind_audit' },
    });

    const accepted = await server.store.write(NOW, (trx) =>
      acceptClock(trx, server.world.cid, NOW, 'operator:test'),
    );
    expect(accepted).toMatchObject({ previousAt: NOW + 10 * DAY, corrected: 1 });
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({
      token: { iat: NOW, activationTime: NOW, expireTime: NOW + 365 * DAY },
    });
  });

  test('consumes nothing without a certificate of the vendor', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await server.store.write(NOW, ({ db }) => db.deleteFrom('issuer_certificate').execute());
    await expect(device.ask()).rejects.toThrow('503 issuer_certificate_missing');
    expect(await used(server)).toBe(0);
  });

  test('consumes nothing when its certificate has ended', async () => {
    const server = await TestServer.start();
    const device = new TestDevice(
      server,
      await server.enrollment({ expiresAt: NOW + 9 * 365 * DAY }),
      'SN-1',
    );
    server.clock.time = NOW + 4 * 365 * DAY;
    await expect(device.ask()).rejects.toThrow('503 issuer_certificate_expired');
    expect(await used(server)).toBe(0);
    const ready = await fetch(`${server.url}/readyz`);
    expect(ready.status).toBe(503);
  });
});

describe('many requests in one call', () => {
  test('each of an array stands by itself: answers and problems in their order', async () => {
    const server = await TestServer.start();
    const enrollment = await server.enrollment();
    const devices = ['SN-1', 'SN-2'].map((key) => new TestDevice(server, enrollment, key));
    const [first, second] = await Promise.all(devices.map((device) => device.request()));
    const response = await fetch(`${server.url}/v1/license-requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([first, 'garbage', 7, second]),
    });
    const body = (await response.json()) as Answer[];
    expect(response.status).toBe(200);
    expect((await devices[0]?.verify(body[0] as Answer))?.kind).toBe('token');
    expect(body[1]).toMatchObject({ code: 400, error: 'document_malformed' });
    expect(body[2]).toMatchObject({ code: 400, error: 'document_malformed' });
    expect((await devices[1]?.verify(body[3] as Answer))?.kind).toBe('token');
  });

  test('a body that is no array of requests is refused whole', async () => {
    const server = await TestServer.start();
    for (const [type, body, status, error] of [
      ['application/json', '{"a":1}', 400, 'document_malformed'],
      ['application/json', '[', 400, 'document_malformed'],
      ['application/jwt', 'x'.repeat(20_000), 413, 'payload_too_large'],
      ['text/plain', 'x', 415, 'unsupported_media_type'],
    ] as const) {
      const response = await fetch(`${server.url}/v1/license-requests`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ error })]);
    }
  });
});
