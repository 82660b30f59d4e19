import { describe, expect, test } from 'vitest';
import { derivePid, deriveRenewId, type Validity } from '#core/catalog.ts';
import { MAX_RENEWALS } from '#core/documents/license-token.ts';
import { newId } from '#core/ids.ts';
import { renewAutomatically } from '../../server-stub/licensing/automatic-renewal.ts';
import { waitingForRenewal } from '../../server-stub/licensing/renewal-shortage.ts';
import { type AppSettings, setApp } from '../../server-stub/licensing/set-app.ts';
import { suspend } from '../../server-stub/licensing/suspend.ts';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { importInto } from '../support/import-into.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';
import type { World } from '../support/world.ts';

endClusterAfterAll();

const DAY = 86_400;
const never = new AbortController().signal;
const operator = { actor: 'operator:test' };

const set = (server: TestServer, settings: AppSettings, appId = server.world.appId) =>
  server.store.write(server.clock.now(), (trx) => setApp(trx, appId, settings, operator));

/** The job's hour has come. */
const run = (server: TestServer) => renewAutomatically(server.store, server.clock, never);

/** What the server did by itself, by LicenseKey or, for a shortage, by how many wait. */
async function deeds(server: TestServer): Promise<unknown[]> {
  const rows = await server.store.reader
    .selectFrom('audit')
    .select(['action', 'detail'])
    .where('actor', '=', 'server')
    .orderBy('seq')
    .execute();
  return rows.map(({ action, detail }) => {
    const { licenseKey, waiting } = JSON.parse(detail);
    return action === 'license.renew' ? licenseKey : `${action} ${waiting}`;
  });
}

const activateAll = async (server: TestServer, ...keys: string[]) => {
  const answers = await Promise.all(keys.map((key) => server.activate(key)));
  return answers.map(({ body }) => body.data);
};

const renewals = (count: number) => ({
  lines: ({ purchase, renewal }: World) => [purchase, { ...renewal, count }],
});

describe.each(ENGINES)('renewal by the server itself, store in %s', (engine) => {
  test('begins N days before the end, renews once, and again when the next end comes near', async () => {
    const server = await TestServer.start({ engine });
    await set(server, { renewDays: 30 });
    const [license] = await activateAll(server, 'SN-1');
    const end = license?.expireTime ?? 0;
    server.clock.time = end - 30 * DAY - 1;
    await run(server);
    expect(await deeds(server)).toEqual([]);
    server.clock.time = end - 30 * DAY;
    for (let hour = 0; hour < 3; hour += 1) await run(server);
    expect(await deeds(server)).toEqual(['SN-1']);
    expect((await server.detail('SN-1')).body.data.expireTime).toBe(end + 366 * DAY);
    server.clock.time = end + 366 * DAY - DAY;
    await run(server);
    expect(await deeds(server)).toEqual(['SN-1', 'SN-1']);
    const row = await server.store.reader
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'license.renew')
      .orderBy('seq')
      .executeTakeFirstOrThrow();
    const { appId, purchase, renewal } = server.world;
    expect(row).toMatchObject({ actor: 'server', subject: license?.license });
    expect(JSON.parse(row.detail)).toEqual({
      ...{ automatic: true, appId, pid: purchase.pid, licenseKey: 'SN-1' },
      ...{ renewId: renewal.renewId, termsId: renewal.termsId },
      ...{ previousExpireTime: end, expireTime: end + 366 * DAY },
    });
  });

  test('a token of a license that was so renewed passes the agent', async () => {
    const server = await TestServer.start({ engine });
    await set(server, { renewDays: 5, renewSeenDays: 10 });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    server.clock.time += 362 * DAY;
    await device.ask({ purpose: 'refresh' });
    await run(server);
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({
      token: { renewals: [{ at: server.clock.time }], expireTime: server.clock.time + 369 * DAY },
    });
  });

  test('three months, renewed by three months 60 days ahead, are not renewed again at once', async () => {
    const validity: Validity = { unit: 'month', count: 3 };
    const server = await TestServer.start({ engine, world: { validity } });
    await set(server, { renewDays: 60 });
    await activateAll(server, 'SN-1');
    server.clock.time += 40 * DAY;
    for (let hour = 0; hour < 3; hour += 1) await run(server);
    expect(await deeds(server)).toEqual(['SN-1']);
  });

  test('those that end first are renewed while renewal licenses last; then it is told once a day', async () => {
    const server = await TestServer.start({ engine, ...renewals(2) });
    const keys = ['SN-1', 'SN-2', 'SN-3', 'SN-4'];
    for (const key of keys) {
      await activateAll(server, key);
      server.clock.time += DAY;
    }
    await set(server, { renewDays: 30 });
    server.clock.time += 350 * DAY;
    for (let hour = 0; hour < 30; hour += 1) {
      await run(server);
      server.clock.time += 3600;
    }
    const [first, second, ...told] = await deeds(server);
    expect([first, second]).toEqual(['SN-1', 'SN-2']);
    expect(told).toEqual(['renewal.exhausted 2', 'renewal.exhausted 2']);
    const { appId, cid, purchase, renewal } = server.world;
    expect(await waitingForRenewal(server.store.reader)).toEqual([
      { cid, appId, pid: purchase.pid, waiting: 2 },
    ]);
    const row = await server.store.reader
      .selectFrom('audit')
      .select(['subject', 'detail'])
      .where('action', '=', 'renewal.exhausted')
      .executeTakeFirstOrThrow();
    expect([row.subject, JSON.parse(row.detail)]).toEqual([
      purchase.pid,
      { appId, pid: purchase.pid, waiting: 2 },
    ]);

    await importInto(server, await server.world.grant({}, [{ ...renewal, termsId: newId(), count: 9 }]));
    await run(server);
    expect((await deeds(server)).slice(-2)).toEqual(['SN-3', 'SN-4']);
    expect(await waitingForRenewal(server.store.reader)).toEqual([]);
    expect((await verifyTrail(server.store.reader, cid)).brokenAt).toBeUndefined();
  });

  test('licenses that ended as recently are renewed too, from now on; what ended long ago is given up', async () => {
    const server = await TestServer.start({ engine });
    const [old] = await activateAll(server, 'OLD');
    server.clock.time += 20 * DAY;
    await activateAll(server, 'RECENT');
    await set(server, { renewDays: 10 });
    server.clock.time = (old?.expireTime ?? 0) + 25 * DAY;
    await run(server);
    expect(await deeds(server)).toEqual(['RECENT']);
    expect((await server.detail('RECENT')).body.data.expireTime).toBe(server.clock.time + 366 * DAY);
  });

  test('suspended licenses and devices unseen for M days are left alone', async () => {
    const server = await TestServer.start({ engine });
    const { cid } = server.world;
    const seen = new TestDevice(
      server,
      await server.enrollment({ expiresAt: server.clock.time + 999 * DAY }),
      'SEEN',
    );
    await seen.ask();
    const [, suspended] = await activateAll(server, 'UNSEEN', 'SUSPENDED');
    await server.store.write(server.clock.now(), (trx) =>
      suspend(trx, [{ cid, license: suspended?.license ?? '', ...operator }]),
    );
    await set(server, { renewDays: 30, renewSeenDays: 14 });
    server.clock.time += 340 * DAY;
    await seen.ask({ purpose: 'refresh' });
    server.clock.time += 14 * DAY;
    await run(server);
    expect(await deeds(server)).toEqual(['SEEN']);
    await set(server, { renewSeenDays: null });
    await run(server);
    expect(await deeds(server)).toEqual(['SEEN', 'UNSEEN']);
  });

  test('what a token can carry no more is not renewed and does not hold up the others', async () => {
    const server = await TestServer.start({ engine });
    await activateAll(server, 'FULL', 'SN-2');
    const { termsId } = server.world.renewal;
    const full = JSON.stringify(
      Array.from({ length: MAX_RENEWALS }, () => ({ termsId, at: server.clock.time })),
    );
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('license').set({ renewals: full }).where('license_key', '=', 'FULL').execute(),
    );
    await set(server, { renewDays: 30 });
    server.clock.time += 350 * DAY;
    await run(server);
    expect(await deeds(server)).toEqual(['SN-2']);
  });

  test('other Apps, and Apps that want it no more, are left alone', async () => {
    const server = await TestServer.start({ engine });
    await set(server, { renewDays: 30 }, server.world.otherAppId);
    await activateAll(server, 'SN-1');
    server.clock.time += 350 * DAY;
    await run(server);
    await set(server, { renewDays: 30 });
    await set(server, { renewDays: null });
    await run(server);
    expect(await deeds(server)).toEqual([]);
  });

  test('a PID without any renewal licenses is told to be short of them; the other PID goes on', async () => {
    const validity: Validity = { unit: 'year', count: 2 };
    const server = await TestServer.start({
      engine,
      lines: ({ purchase, renewal }) => {
        const pid = derivePid(purchase.sku, validity, purchase.category);
        return [
          purchase,
          { ...purchase, termsId: newId(), validity, pid },
          { ...renewal, pid, renewId: deriveRenewId(pid, renewal.validity) },
        ];
      },
    });
    const twoYears = derivePid(server.world.purchase.sku, validity, 'device');
    await server.activate('LONG', { pid: twoYears });
    server.clock.time += 365 * DAY;
    await activateAll(server, 'SHORT');
    await set(server, { renewDays: 30 });
    server.clock.time += 350 * DAY;
    await run(server);
    expect((await deeds(server)).toSorted()).toEqual(['LONG', 'renewal.exhausted 1']);
  });

  test('pieces follow each other until all are renewed, however many servers are at it', async () => {
    const count = 1203;
    const server = await TestServer.start({
      engine,
      lines: ({ purchase, renewal }) => [
        { ...purchase, count },
        { ...renewal, count: count - 3 },
      ],
    });
    await activateAll(server, ...Array.from({ length: count }, (_, n) => `SN-${n}`));
    await set(server, { renewDays: 30 });
    server.clock.time += 350 * DAY;
    if (engine === 'sqlite') {
      await Promise.all([run(server), run(server), run(server)]);
    } else {
      const second = await openStore(server.folder.store);
      await Promise.all([run(server), renewAutomatically(second, server.clock, never), run(server)]);
      await second.close();
    }
    const done = await deeds(server);
    expect(new Set(done).size).toBe(count - 3 + 1);
    expect(done).toHaveLength(count - 3 + 1);
    expect(done.at(-1)).toBe('renewal.exhausted 3');
  });

  test('a company whose certificate has ended does not hold up the others', async () => {
    const server = await TestServer.start({ engine });
    const other = await secondCompany(server);
    await activateAll(server, 'SN-1');
    for (const appId of [server.world.appId, other.appId]) await set(server, { renewDays: 30 }, appId);
    await server.store.write(server.clock.now(), async ({ db }) => {
      await db.updateTable('issuer_certificate').set({ exp: 0 }).where('cid', '=', other.cid).execute();
      const row = await db.selectFrom('license').selectAll().executeTakeFirstOrThrow();
      const { cid, appId: app_id, purchase } = other;
      const copy = {
        ...row,
        license: newId(),
        cid,
        app_id,
        license_key: 'OTHER',
        terms_id: purchase.termsId,
      };
      await db.insertInto('license').values(copy).execute();
    });
    server.clock.time += 350 * DAY;
    await throwsWithCode(run(server), 'issuer_certificate_expired');
    expect(await deeds(server)).toEqual(['SN-1']);
  });
});

describe('settings of an App', () => {
  test('a PID that was not granted, or an unknown App, is refused', async () => {
    const server = await TestServer.start();
    await throwsWithCode(set(server, { legacyPid: newId() }), 'unknown_pid');
    await throwsWithCode(set(server, { renewDays: 3 }, 'f'.repeat(32)), 'unknown_app');
    const other = await secondCompany(server);
    await set(server, { legacyPid: other.purchase.pid }, other.appId);
    const apps = await server.store.reader
      .selectFrom('app')
      .select('app_id')
      .where('legacy_pid', 'is not', null)
      .execute();
    expect(apps).toEqual([{ app_id: other.appId }]);
  });

  test('what is not named stays; a grant changes none of it', async () => {
    const server = await TestServer.start();
    const { appId, purchase } = server.world;
    await set(server, { renewDays: 30, renewSeenDays: 90, deviceRenewal: true });
    const row = await server.store.reader
      .selectFrom('audit')
      .select(['subject', 'detail'])
      .where('action', '=', 'app.set')
      .executeTakeFirstOrThrow();
    expect([row.subject, JSON.parse(row.detail)]).toEqual([
      appId,
      { appId, renewDays: 30, renewSeenDays: 90, deviceRenewal: true },
    ]);
    await set(server, { legacyPid: purchase.pid });
    await importInto(server, await server.world.grant({}, []));
    const settings = () =>
      server.store.reader
        .selectFrom('app')
        .select(['renew_days', 'renew_seen_days', 'device_renewal', 'legacy_pid'])
        .where('app_id', '=', appId)
        .executeTakeFirst();
    const all = { renew_days: 30, renew_seen_days: 90, device_renewal: 1, legacy_pid: purchase.pid };
    expect(await settings()).toEqual(all);
    await set(server, { renewDays: null, deviceRenewal: false });
    expect(await settings()).toEqual({ ...all, renew_days: null, device_renewal: 0 });
  });
});
