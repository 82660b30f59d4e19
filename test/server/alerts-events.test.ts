import { describe, expect, test } from 'vitest';
import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { activateMany, alertsOf, queuedEvents } from '../support/alerting.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

const DAY = 86_400;
const URL = 'http://127.0.0.1:1';

/** Keys of all licenses that were told of, in order. */
async function toldOf(server: TestServer, type: string): Promise<string[]> {
  const events = await queuedEvents(server);
  return events
    .filter((event) => event.type === type)
    .flatMap(({ data }) => data.licenses.map(({ licenseKey }: { licenseKey: string }) => licenseKey));
}

const start = (engine: (typeof ENGINES)[number], count = 100) =>
  TestServer.start({ engine, lines: (world) => [{ ...world.purchase, count }, world.renewal] });

describe.each(ENGINES)('what is told, store in %s', (engine) => {
  test('an activation is told once, with the license', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL }]);
    const { body } = await server.activate('SN-1');
    await server.activate('SN-1');
    for (let look = 0; look < 2; look += 1) await alerts.noticeChanges();
    const { cid, appId, purchase } = server.world;
    const { license, expireTime } = body.data;
    const at = server.clock.time;
    expect(await queuedEvents(server)).toEqual([
      {
        type: 'license.activated',
        stage: 0,
        at,
        data: {
          cid,
          appId,
          pid: purchase.pid,
          count: 1,
          licenses: [{ license, licenseKey: 'SN-1', activationTime: at, expireTime }],
        },
      },
    ]);
  });

  test('many activations are few events, each license in one of them', async () => {
    const server = await start(engine, 2500);
    const alerts = await alertsOf(server, [{ url: URL, events: ['license.activated'] }]);
    await activateMany(server, 2250);
    await alerts.noticeChanges();
    const told = await toldOf(server, 'license.activated');
    expect([told.length, new Set(told).size]).toEqual([2250, 2250]);
    const sizes = (await queuedEvents(server)).map(({ data }) => data.count);
    expect(Math.max(...sizes)).toBe(100);
    expect(sizes.length).toBeLessThan(30);
  });

  test('what nobody wants is not queued, and not told to who wants it later', async () => {
    const server = await start(engine);
    await activateMany(server, 3);
    for (const wish of [{ cid: '1' }, { events: ['quota.low' as const] }])
      await (await alertsOf(server, [{ url: URL, ...wish }])).noticeChanges();
    await (await alertsOf(server, [{ url: URL }])).noticeChanges();
    expect(await queuedEvents(server)).toEqual([]);
  });

  test('after an outage of a week, the last three days are told', async () => {
    const server = await start(engine);
    await activateMany(server, 2, 'OLD-');
    server.clock.time += 5 * DAY;
    await activateMany(server, 2, 'NEW-');
    server.clock.time += 2 * DAY;
    await (await alertsOf(server, [{ url: URL }])).noticeChanges();
    expect(await toldOf(server, 'license.activated')).toEqual(['NEW-0', 'NEW-1']);
  });

  test('two servers that look at once tell it once', async () => {
    const server = await start(engine);
    const [one, two] = [await alertsOf(server, [{ url: URL }]), await alertsOf(server, [{ url: URL }])];
    await activateMany(server, 95);
    await Promise.all([one.noticeChanges(), two.noticeChanges(), one.noticeEnds(), two.noticeEnds()]);
    expect(await toldOf(server, 'license.activated')).toHaveLength(95);
    expect((await queuedEvents(server)).filter(({ type }) => type === 'quota.low')).toHaveLength(1);
  });

  test('a license that ends is told of 30, 7 and 1 days before, and when it has ended', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL, events: ['license.expiring', 'license.expired'] }]);
    const { body } = await server.activate('SN-1');
    const { expireTime } = body.data;
    const told: [number, string, number][] = [];
    for (const left of [31, 30.5, 30, 20, 7.1, 7, 6, 1.5, 1, 0.5, 0, -1, -30]) {
      server.clock.time = expireTime - left * DAY;
      await alerts.noticeEnds();
      const events = await queuedEvents(server);
      if (events.length === told.length) continue;
      const { type, data } = events.at(-1) as (typeof events)[0];
      told.push([left, type, data.daysLeft ?? 0]);
      expect(data.licenses).toEqual([{ license: body.data.license, licenseKey: 'SN-1', expireTime }]);
    }
    expect(told).toEqual([
      [30, 'license.expiring', 30],
      [7, 'license.expiring', 7],
      [1, 'license.expiring', 1],
      [0, 'license.expired', 0],
    ]);
  });

  test('of stages that were missed the nearest alone is told', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL, events: ['license.expiring', 'license.expired'] }]);
    const { body } = await server.activate('SN-1');
    server.clock.time = body.data.expireTime - 60 * DAY;
    await alerts.noticeEnds();
    server.clock.time = body.data.expireTime - 3 * DAY;
    await alerts.noticeEnds();
    expect((await queuedEvents(server)).map(({ data }) => data.daysLeft)).toEqual([7]);
  });

  test('a renewal before the end takes it back; the new end is told in its time', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL, events: ['license.expiring'] }]);
    const { body } = await server.activate('SN-1');
    const end = body.data.expireTime;
    server.clock.time = end - 20 * DAY;
    await alerts.noticeEnds();
    await server.store.write(server.clock.now(), ({ db }) =>
      db
        .updateTable('license')
        .set({ expire_time: end + 365 * DAY })
        .execute(),
    );
    for (const left of [5, 0.5, -10]) {
      server.clock.time = end - left * DAY;
      await alerts.noticeEnds();
    }
    expect(await queuedEvents(server)).toHaveLength(1);
    server.clock.time = end + 340 * DAY;
    await alerts.noticeEnds();
    expect(await queuedEvents(server)).toHaveLength(2);
  });

  test('neither a released nor a transferred license is told of', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL, events: ['license.expiring'] }]);
    await activateMany(server, 3);
    await server.store.write(server.clock.now(), async ({ db }) => {
      const set = (state: 'released' | 'transferred', key: string) =>
        db.updateTable('license').set({ state }).where('license_key', '=', key).execute();
      await set('released', 'SN-0');
      await set('transferred', 'SN-1');
    });
    server.clock.time += 350 * DAY;
    await alerts.noticeEnds();
    expect(await toldOf(server, 'license.expiring')).toEqual(['SN-2']);
  });

  test('thousands of licenses of one end, in two Apps, broken off in the middle: each is told of once', async () => {
    const server = await start(engine, 4000);
    const { appId, otherAppId } = server.world;
    await activateMany(server, 3300);
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('license').set({ app_id: otherAppId }).where('license_key', 'like', 'SN-1%').execute(),
    );
    server.clock.time += 340 * DAY;
    const ended = new AbortController();
    let writes = 0;
    const { store, clock } = server;
    const breaking = {
      clock,
      store: {
        ...store,
        write: (...args: Parameters<typeof store.write>) => {
          writes += 1;
          if (writes === 2) ended.abort();
          return store.write(...args);
        },
      } as typeof store,
    };
    const events = ['license.expiring' as const];
    await (await alertsOf(breaking, [{ url: URL, events }])).noticeEnds(ended.signal);
    const first = await toldOf(server, 'license.expiring');
    expect(first.length).toBe(2000);
    await (await alertsOf(server, [{ url: URL, events }])).noticeEnds();
    const told = await toldOf(server, 'license.expiring');
    expect([told.length, new Set(told).size]).toEqual([3300, 3300]);
    const apps = new Set((await queuedEvents(server)).map(({ data }) => data.appId));
    expect(apps).toEqual(new Set([appId, otherAppId]));
  });

  test('a clock that was a year ahead is forgiven: what it told too early is told again in time', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL, events: ['license.expiring', 'license.expired'] }]);
    const { body } = await server.activate('SN-1');
    const { expireTime } = body.data;
    server.clock.time = expireTime + 100 * DAY;
    await alerts.noticeEnds();
    for (const left of [300, 29, 1, 0]) {
      server.clock.time = expireTime - left * DAY;
      await alerts.noticeEnds();
    }
    const told = (await queuedEvents(server)).map(({ type, stage }) => `${type} ${stage}`);
    expect(told.slice(-3)).toEqual(['license.expiring 30', 'license.expiring 1', 'license.expired 0']);
  });

  test('a silent device is told of once in each silence', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL, events: ['device.unseen'] }]);
    await activateMany(server, 6);
    const seen = (key: string, values: object = {}) =>
      server.store.write(server.clock.now(), ({ db }) =>
        db
          .updateTable('license')
          .set({ last_seen_at: server.clock.now(), device_jkt: 'j', ...values })
          .where('license_key', '=', key)
          .execute(),
      );
    const begin = server.clock.time;
    await seen('SN-0');
    await seen('SN-1', { category: 'account' });
    await seen('SN-2', { state: 'suspended' });
    await seen('SN-3', { expire_time: begin + DAY });
    // SN-4 was never on a device.
    await seen('SN-5');
    server.clock.time = begin + 10 * DAY;
    await seen('SN-5');
    const told: [number, string[]][] = [];
    for (const day of [13.9, 14, 15, 20]) {
      server.clock.time = begin + day * DAY;
      await alerts.noticeSilence();
      told.push([day, await toldOf(server, 'device.unseen')]);
    }
    expect(told).toEqual([
      [13.9, []],
      [14, ['SN-0']],
      [15, ['SN-0']],
      [20, ['SN-0']],
    ]);
    await seen('SN-0');
    server.clock.time += 15 * DAY;
    await alerts.noticeSilence();
    expect((await toldOf(server, 'device.unseen')).toSorted()).toEqual(['SN-0', 'SN-0', 'SN-5']);
    expect((await queuedEvents(server))[0]?.data).toMatchObject({
      unseenDays: 14,
      licenses: [{ licenseKey: 'SN-0', lastSeenAt: begin }],
    });
  });

  test('a walk over many silent devices goes piece by piece', async () => {
    const server = await start(engine, 11_000);
    const alerts = await alertsOf(server, [{ url: URL, events: ['device.unseen'] }]);
    await activateMany(server, 10_500);
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('license').set({ last_seen_at: server.clock.now(), device_jkt: 'j' }).execute(),
    );
    server.clock.time += 15 * DAY;
    await alerts.noticeSilence();
    await alerts.noticeSilence();
    const told = await toldOf(server, 'device.unseen');
    expect([told.length, new Set(told).size]).toEqual([10_500, 10_500]);
  });

  test('a quota is told of when nine tenths are used, when nothing is left, and anew after it was refilled', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL, events: ['quota.low'] }]);
    const { cid, purchase } = server.world;
    const look = async (): Promise<number> => {
      for (let again = 0; again < 2; again += 1) await alerts.noticeChanges();
      return (await queuedEvents(server)).length;
    };
    await activateMany(server, 89);
    expect(await look()).toBe(0);
    await activateMany(server, 95);
    expect(await look()).toBe(1);
    await activateMany(server, 100);
    expect(await look()).toBe(2);
    expect((await queuedEvents(server)).map(({ data }) => data)).toEqual([
      { cid, pid: purchase.pid, appId: null, granted: 100, used: 95, left: 5 },
      { cid, pid: purchase.pid, appId: null, granted: 100, used: 100, left: 0 },
    ]);
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('quota').set({ granted: 1000 }).execute(),
    );
    expect(await look()).toBe(2);
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('quota').set({ granted: 105 }).execute(),
    );
    expect(await look()).toBe(3);
  });

  test('a certificate is told of 90, 30 and 7 days before its end, until a new one is imported', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL, events: ['server.certificate_expiring'] }]);
    const [certificate] = await server.store.reader.selectFrom('issuer_certificate').selectAll().execute();
    const { exp = 0, serial = 0 } = certificate ?? {};
    const told: [number, number][] = [];
    const look = async (left: number) => {
      server.clock.time = exp - left * DAY;
      for (let again = 0; again < 2; again += 1) await alerts.noticeEnds();
      const events = await queuedEvents(server);
      if (events.length > told.length) told.push([left, events.at(-1)?.data.daysLeft]);
    };
    for (const left of [91, 90, 60, 29.5]) await look(left);
    expect(told).toEqual([
      [90, 90],
      [29.5, 30],
    ]);
    expect((await queuedEvents(server))[0]?.data).toEqual({
      cid: server.world.cid,
      serial,
      expireTime: exp,
      daysLeft: 90,
    });
    const { world } = server;
    const next = await world.certificate({ serial: serial + 1, exp: exp + 365 * DAY });
    const server_ = { serverId: world.serverId, key: world.serverKey };
    await server.store.write(server.clock.now(), (transaction) =>
      importCertificate(transaction, next, [world.root], server_, 'operator:test'),
    );
    for (const left of [7, 1, -1]) await look(left);
    expect(told).toHaveLength(2);
  });

  test('renewals that ran out are told of by the trail', async () => {
    const server = await start(engine);
    const alerts = await alertsOf(server, [{ url: URL }]);
    const { cid, appId, renewal } = server.world;
    const { pid } = renewal;
    await server.store.write(server.clock.now(), ({ audit }) =>
      audit.append(cid, {
        actor: 'server',
        action: 'renewal.exhausted',
        subject: pid,
        detail: { appId, pid, waiting: 3 },
      }),
    );
    await alerts.noticeChanges();
    expect(await queuedEvents(server)).toMatchObject([
      { type: 'renewal.exhausted', data: { cid, appId, pid, waiting: 3 } },
    ]);
  });
});
