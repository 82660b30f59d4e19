import { describe, expect, test } from 'vitest';
import { ConsoleClient } from '../support/console-client.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

const DAY = 86_400;

describe.each(ENGINES)('the overview, store in %s', (engine) => {
  test('counts licenses by state, by end and by the day of their activation', async () => {
    const server = await TestServer.start({ engine });
    const start = server.clock.now();
    for (const [day, count] of [1, 0, 3, 2].entries()) {
      server.clock.time = start + day * DAY;
      for (let index = 0; index < count; index += 1) await server.activate(`SN-${day}-${index}`);
    }
    const now = server.clock.now();
    const licenses = await server.store.reader.selectFrom('license').selectAll().orderBy('license').execute();
    const set = (index: number, values: object) =>
      server.store.write(now, ({ db }) =>
        db
          .updateTable('license')
          .set(values)
          .where('license', '=', licenses[index]?.license ?? '')
          .execute(),
      );
    await set(0, { expire_time: now });
    await set(1, { expire_time: now + 10 * DAY });
    await set(2, { expire_time: now + 60 * DAY });
    await set(3, { expire_time: now + 10 * DAY, state: 'suspended' });
    await set(4, { expire_time: now - 1, state: 'released' });
    const admin = await ConsoleClient.signedIn(server);
    const { body } = await admin.get('/overview');
    expect(body.counts).toEqual({ active: 3, expired: 1, suspended: 1, released: 1, transferred: 0 });
    expect(body.ending).toEqual([
      { days: 30, count: 1 },
      { days: 60, count: 2 },
      { days: 90, count: 2 },
    ]);
    expect(body.activations).toHaveLength(30);
    expect(body.activations.slice(-5).map(({ count }: { count: number }) => count)).toEqual([0, 1, 0, 3, 2]);
    const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(now * 1000);
    expect(body.activations.at(-1).day).toBe(today);
  });

  test('tells what a person should look at, to whom it concerns', async () => {
    const server = await TestServer.start({ engine, env: { LICENSE_SERVER_ALERT_QUOTA_PERCENT: '2' } });
    const other = await secondCompany(server);
    const admin = await ConsoleClient.signedIn(server);
    const viewer = await ConsoleClient.signedIn(server, { name: 'vi', role: 'viewer', cid: other.cid });
    await server.activate('SN-1');
    expect((await admin.get('/overview')).body.notices).toEqual([]);
    await server.activate('SN-2');
    const { cid, appId, purchase } = server.world;
    await server.store.write(server.clock.now(), ({ db }) =>
      db
        .insertInto('renewal_shortage')
        .values({ cid, app_id: appId, pid: purchase.pid, waiting: 7, reported_at: 0 })
        .execute(),
    );
    await server.store.write(server.clock.now(), ({ db }) =>
      db
        .updateTable('issuer_certificate')
        .set({ exp: server.clock.now() + DAY })
        .where('cid', '=', other.cid)
        .execute(),
    );
    expect((await admin.get('/overview')).body.notices).toEqual([
      { kind: 'certificate', cid: other.cid, endsAt: server.clock.now() + DAY },
      expect.objectContaining({ kind: 'quota', cid, used: 2 }),
      { kind: 'renewals', cid, appId, pid: purchase.pid, waiting: 7 },
    ]);
    expect((await viewer.get('/overview')).body.notices).toEqual([
      { kind: 'certificate', cid: other.cid, endsAt: server.clock.now() + DAY },
    ]);
    expect((await viewer.get(`/overview?cid=${cid}`)).body.error).toBe('unknown_company');
  });
});

test('devices that were not seen for long are counted from time to time', async () => {
  const server = await TestServer.start();
  const admin = await ConsoleClient.signedIn(server);
  await expect
    .poll(async () => (await admin.get('/overview')).body.silent)
    .toMatchObject({ count: 0, days: 14 });
});
