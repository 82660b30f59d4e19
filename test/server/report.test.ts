import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { addValidity } from '#core/calendar.ts';
import { verifyUsageReport } from '#core/documents/usage-report.ts';
import { newId } from '#core/ids.ts';
import { acceptClock } from '../../server-stub/licensing/accept-clock.ts';
import { allocate } from '../../server-stub/licensing/allocate.ts';
import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { importGrant } from '../../server-stub/licensing/import-grant.ts';
import { release } from '../../server-stub/licensing/release.ts';
import { renew } from '../../server-stub/licensing/renew.ts';
import { resume } from '../../server-stub/licensing/resume.ts';
import { settleAllMinutes } from '../../server-stub/licensing/settle-minutes.ts';
import { suspend } from '../../server-stub/licensing/suspend.ts';
import { takeBack } from '../../server-stub/licensing/take-back.ts';
import { transfer } from '../../server-stub/licensing/transfer.ts';
import { auditHash, verifyTrail } from '../../server-stub/store/audit.ts';
import type { Transaction } from '../../server-stub/store/database.ts';
import type { AuditTable } from '../../server-stub/store/schema.ts';
import { TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { companyOf, makeReport, rowOf } from '../support/make-report.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';
import { NO_FLOWS, NO_STOCK } from '../support/usage-report.ts';
import { NOW } from '../support/world.ts';

endClusterAfterAll();

const DAY = 86_400;
/** 2026-04-01T00:00:00Z: March is over. */
const APRIL = NOW + 31 * DAY;

/** Carries out verbs as an operator does; all must succeed. */
async function act<Wish>(
  server: TestServer,
  verb: (transaction: Transaction, wishes: readonly Wish[]) => Promise<readonly { readonly ok: boolean }[]>,
  ...wishes: readonly Omit<Wish, 'cid' | 'actor'>[]
): Promise<void> {
  const { cid } = server.world;
  const all = wishes.map((wish) => ({ cid, actor: 'operator:test', ...wish }) as Wish);
  const outcomes = await server.store.write(server.clock.now(), (transaction) => verb(transaction, all));
  expect(outcomes.every(({ ok }) => ok)).toBe(true);
}

async function activated(
  server: TestServer,
  licenseKey: string,
  appId = server.world.appId,
): Promise<string> {
  const { status, body } = await server.activate(licenseKey, { appId });
  expect(status).toBe(200);
  return body.data.license;
}

/** Changes rows as somebody does who has the database at hand. */
const tamper = (server: TestServer, statement: string) =>
  server.store.write(server.clock.now(), ({ db }) => sql.raw(statement).execute(db));

describe.each(ENGINES)('a report of a store in %s', (engine) => {
  test('tells what was granted, allocated, activated, renewed, moved and ended, per App and PID', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, otherAppId, purchase, renewal, root } = server.world;
    const { pid } = purchase;
    const { renewId } = renewal;
    server.clock.time = NOW + DAY;
    await act(server, allocate, { appId, pid, count: 7, creator: 'a' });
    await act(server, takeBack, { appId, pid, count: 5, creator: 'a' });
    const licenses = [];
    for (const key of ['SN-1', 'SN-2', 'SN-3']) licenses.push(await activated(server, key));
    const other = await activated(server, 'SN-1', otherAppId);
    const [first = '', second = '', third = ''] = licenses;
    server.clock.time += DAY;
    await act(server, renew, { appId, renewId, license: first });
    await act(server, transfer, { license: second, toLicenseKey: 'SN-9' });
    await act(server, suspend, { license: third });
    await act(server, resume, { license: third });
    await act(server, release, { license: other });

    server.clock.time = APRIL;
    const created = await makeReport(server);
    expect(await verifyUsageReport(created.document, [root])).toEqual(created.report);
    expect(created.report).toMatchObject({ from: NOW, to: APRIL, iat: APRIL, zone: 'UTC' });
    const company = companyOf(created, cid);
    expect(company).toMatchObject({ name: 'Test School', products: [{ pid }] });
    expect(company.apps.map((app) => app.appId).toSorted()).toEqual([appId, otherAppId].toSorted());
    expect(rowOf(company, pid)).toEqual({
      pid,
      opening: NO_STOCK,
      closing: { ...NO_STOCK, seats: 98, used: 2 },
      ...NO_FLOWS,
      granted: 100,
    });
    expect(rowOf(company, pid, appId)).toEqual({
      pid,
      appId,
      opening: NO_STOCK,
      closing: { ...NO_STOCK, seats: 2, used: 2, licenses: 3 },
      ...NO_FLOWS,
      allocated: 7,
      takenBack: 5,
      activated: 3,
      renewed: 1,
      transferred: 1,
      suspended: 1,
      resumed: 1,
    });
    expect(rowOf(company, pid, otherAppId)).toMatchObject({ activated: 1, released: 1 });
    expect(company.renewals).toEqual([
      {
        renewId,
        pid,
        validity: renewal.validity,
        opening: { granted: 0, used: 0 },
        closing: { granted: 20, used: 1 },
        granted: 20,
        withdrawn: 0,
        renewed: 1,
      },
    ]);
  });

  test('counts a license that ends in the period, and one that is renewed after its end', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, purchase, renewal } = server.world;
    const { pid } = purchase;
    await activated(server, 'SN-1');
    const [renewedInTime, revived] = [await activated(server, 'SN-2'), await activated(server, 'SN-3')];
    const end = addValidity(NOW, purchase.validity);
    server.clock.time = end - DAY;
    await act(server, renew, { appId, renewId: renewal.renewId, license: renewedInTime });
    server.clock.time = end + 5 * DAY;
    await act(server, renew, { appId, renewId: renewal.renewId, license: revived });

    server.clock.time = end + 40 * DAY;
    const year = companyOf(await makeReport(server, { toDay: '2027-02-28' }), cid);
    expect(rowOf(year, pid, appId)).toMatchObject({ activated: 3, renewed: 1, expired: 0, revived: 0 });
    // The year ends with 2027-02-28 UTC; the licenses do with the first second of March.
    const march = companyOf(await makeReport(server, { fromDay: '2027-03-01', toDay: '2027-03-31' }), cid);
    expect(rowOf(march, pid, appId)).toMatchObject({
      opening: { licenses: 3 },
      closing: { licenses: 2 },
      expired: 2,
      revived: 1,
      renewed: 1,
    });
  });

  test('of the same period says the same whenever it is made, whatever happened since', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, purchase, renewal } = server.world;
    const license = await activated(server, 'SN-1');
    server.clock.time = APRIL;
    const before = companyOf(await makeReport(server), cid);
    await activated(server, 'SN-2');
    await act(server, renew, { appId, renewId: renewal.renewId, license });
    await act(server, allocate, { appId, pid: purchase.pid, count: 3, creator: 'a' });
    server.clock.time += 400 * DAY;
    const after = companyOf(await makeReport(server), cid);
    expect(after.rows).toEqual(before.rows);
    expect(after.renewals).toEqual(before.renewals);
    const { head, reports: _, ...places } = before.trail;
    expect(after.trail).toMatchObject({ ...places, reports: [head] });
  });

  test('adjoins the next one: what it closes with, that opens with', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, purchase } = server.world;
    await activated(server, 'SN-1');
    server.clock.time = APRIL;
    const march = companyOf(await makeReport(server), cid);
    await activated(server, 'SN-2');
    server.clock.time += 30 * DAY;
    const april = companyOf(await makeReport(server, { fromDay: '2026-04-01', toDay: '2026-04-30' }), cid);
    const { pid } = purchase;
    expect(rowOf(april, pid, appId)?.opening).toEqual(rowOf(march, pid, appId)?.closing);
    expect(rowOf(april, pid)?.opening).toEqual(rowOf(march, pid)?.closing);
    expect(april.trail.opening).toEqual(march.trail.closing);
    expect(april.trail.reports).toEqual([march.trail.head]);
  });

  test('of a period in which nothing happened says so', async () => {
    const server = await TestServer.start({ engine });
    const { cid, purchase } = server.world;
    server.clock.time = NOW + 100 * DAY;
    const company = companyOf(await makeReport(server, { fromDay: '2026-05-01', toDay: '2026-05-31' }), cid);
    const stock = { ...NO_STOCK, seats: 100 };
    expect(company.rows).toEqual([{ pid: purchase.pid, opening: stock, closing: stock, ...NO_FLOWS }]);
    expect(company.trail.opening).toEqual(company.trail.closing);
    const before = companyOf(await makeReport(server, { fromDay: '2025-01-01', toDay: '2025-12-31' }), cid);
    expect(before).toMatchObject({ rows: [], grants: [], trail: { closing: { seq: 0 } } });
  });

  test('has its days in the zone of the configuration', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, purchase } = server.world;
    // 2026-03-31T15:59:59Z and a second later: the last of March, and the first of April in Shanghai.
    const midnight = APRIL - 8 * 3600;
    server.clock.time = midnight - 1;
    await activated(server, 'SN-1');
    server.clock.time = midnight;
    await activated(server, 'SN-2');
    server.clock.time = APRIL + DAY;
    const zone = 'Asia/Shanghai';
    const created = await makeReport(server, { zone });
    expect(created.report).toMatchObject({ from: NOW - 8 * 3600, to: midnight, zone });
    expect(rowOf(companyOf(created, cid), purchase.pid, appId)).toMatchObject({ activated: 1 });
    const april = await makeReport(server, { zone, fromDay: '2026-04-01', toDay: '2026-04-01' });
    expect(rowOf(companyOf(april, cid), purchase.pid, appId)).toMatchObject({ activated: 1 });
    expect(april.report.to - april.report.from).toBe(DAY);
  });

  test('of the running day is preliminary: its figures end when it was made', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, purchase } = server.world;
    await activated(server, 'SN-1');
    server.clock.time += 3600;
    const created = await makeReport(server, { toDay: '2026-03-01' });
    expect(created.report).toMatchObject({ iat: NOW + 3600, to: NOW + DAY });
    expect(rowOf(companyOf(created, cid), purchase.pid, appId)).toMatchObject({ activated: 1 });
  });

  test.each([
    ['a day that has not begun', '2026-03-01', '2026-03-02'],
    ['days in the wrong order', '2026-03-01', '2026-02-28'],
    ['a day that is none', '2026-02-30', '2026-03-01'],
    ['something else', 'yesterday', '2026-03-01'],
  ])('is not made of %s', async (_, fromDay, toDay) => {
    const server = await TestServer.start({ engine });
    await throwsWithCode(makeReport(server, { fromDay, toDay }), 'parameter_invalid');
  });

  test('tells companies apart, and may tell of one alone', async () => {
    const server = await TestServer.start({ engine });
    const other = await secondCompany(server);
    await activated(server, 'SN-1');
    server.clock.time = APRIL;
    const created = await makeReport(server);
    const { pid } = server.world.purchase;
    expect(rowOf(companyOf(created, server.world.cid), pid)).toMatchObject({ closing: { used: 1 } });
    expect(rowOf(companyOf(created, other.cid), pid)).toMatchObject({ closing: { seats: 100, used: 0 } });
    const one = await makeReport(server, { cid: other.cid });
    expect(one.report.companies.map(({ cid }) => cid)).toEqual([other.cid]);
    await throwsWithCode(makeReport(server, { cid: '404' }), 'unknown_company');
  });

  test('follows grants that replace others, and pools that they resize', async () => {
    const server = await TestServer.start({ engine, lines: ({ purchase }) => [{ ...purchase, count: 10 }] });
    const { world, store, clock } = server;
    const { appId, purchase, cid } = world;
    const { grant_id: replaces } = await store.reader
      .selectFrom('vendor_grant')
      .select('grant_id')
      .executeTakeFirstOrThrow();
    await act(server, allocate, { appId, pid: purchase.pid, count: 4, creator: 'a' });
    for (const key of ['SN-1', 'SN-2', 'SN-3', 'SN-4', 'SN-5']) await activated(server, key);
    const lines = [
      { ...purchase, termsId: newId(), count: 3, appId },
      { ...purchase, termsId: newId(), count: 9 },
    ];
    const grant = await world.grant({ replaces }, lines);
    await store.write(clock.now(), (transaction) =>
      importGrant(transaction, grant, [world.root], world.serverId, 'operator:test'),
    );
    await activated(server, 'SN-6');
    clock.time = APRIL;
    const company = companyOf(await makeReport(server), cid);
    expect(company.grants).toHaveLength(2);
    expect(company.grants.filter(({ replacedBy }) => replacedBy !== undefined)).toHaveLength(1);
    const seats = company.rows.map(({ closing }) => closing.seats);
    expect(seats.reduce((sum, count) => sum + count, 0)).toBe(12);
    expect(rowOf(company, purchase.pid)).toMatchObject({ granted: 19, withdrawn: 10 });
    expect(rowOf(company, purchase.pid, appId)).toMatchObject({ granted: 3, activated: 6 });
  });

  test('tells the minutes that devices reported, by the time at which they did', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, purchase } = server.world;
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const [meter, other] = [newId(), newId()];
    await device.ask({ usage: { [meter]: 10 } });
    server.clock.time = APRIL - 1;
    await device.ask({ purpose: 'refresh', usage: { [meter]: 25, [other]: 5 } });
    server.clock.time = APRIL;
    await device.ask({ purpose: 'refresh', usage: { [meter]: 20, [other]: 12 } });
    server.clock.time += DAY;
    const march = companyOf(await makeReport(server), cid);
    expect(rowOf(march, purchase.pid, appId)).toMatchObject({
      minutes: 30,
      opening: { minutes: 0 },
      closing: { minutes: 30 },
    });
    const april = companyOf(await makeReport(server, { fromDay: '2026-04-01', toDay: '2026-04-01' }), cid);
    expect(rowOf(april, purchase.pid, appId)).toMatchObject({ minutes: 7, closing: { minutes: 37 } });
    await tamper(server, `update usage_minutes set minutes = minutes - 1 where at >= ${APRIL}`);
    const error = await throwsWithCode(makeReport(server), 'report_inconsistent');
    expect(error.detail).toMatchObject({ trail: 7, tables: 6, appId });
  });

  test('proves minutes against the trail, where they were settled', async () => {
    const server = await TestServer.start({ engine });
    const { store, clock, world } = server;
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const meter = newId();
    const settle = () => settleAllMinutes(store, clock, new AbortController().signal);
    await device.ask({ usage: { [meter]: 10 } });
    await settle();
    clock.time += 60;
    await device.ask({ purpose: 'refresh', usage: { [meter]: 12 } });
    clock.time += DAY;
    await device.ask({ purpose: 'refresh', usage: { [meter]: 20 } });
    await settle();
    await settle();
    const rows = await store.reader
      .selectFrom('audit')
      .select(['actor', 'subject', 'detail'])
      .where('action', '=', 'usage.settle')
      .orderBy('seq')
      .execute();
    const { appId, purchase, cid } = world;
    expect(rows.map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) }))).toEqual([
      {
        actor: 'server',
        subject: appId,
        detail: { appId, pid: purchase.pid, minutes: 10, quarters: [[NOW, 10]] },
      },
      {
        actor: 'server',
        subject: appId,
        detail: {
          appId,
          pid: purchase.pid,
          minutes: 10,
          quarters: [
            [NOW, 2],
            [NOW + DAY, 8],
          ],
        },
      },
    ]);
    clock.time = APRIL;
    expect(rowOf(companyOf(await makeReport(server), cid), purchase.pid, appId)).toMatchObject({
      minutes: 20,
    });
    for (const statement of [
      // As one who knows the tables would: both, and the mark of what was settled.
      'update usage_minutes set minutes = 1, settled = 1; update usage_total set minutes = 1',
      'delete from usage_minutes; delete from usage_total',
      `update usage_minutes set at = at + ${40 * DAY}`,
      `update usage_minutes set app_id = '${world.otherAppId}'; delete from usage_total`,
      'update usage_minutes set minutes = minutes + 5, settled = settled + 5',
    ]) {
      await tamper(server, 'create table kept as select * from usage_minutes');
      await tamper(server, 'create table kept_totals as select * from usage_total');
      for (const part of statement.split('; ')) await tamper(server, part);
      await throwsWithCode(makeReport(server), 'report_inconsistent');
      for (const part of [
        'delete from usage_minutes',
        'insert into usage_minutes select * from kept',
        'delete from usage_total',
        'insert into usage_total select * from kept_totals',
        'drop table kept',
        'drop table kept_totals',
      ])
        await tamper(server, part);
    }
    await makeReport(server);
  });

  test('is made whatever numbers devices brought into the store before', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, purchase } = server.world;
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask({ usage: { [newId()]: 10 } });
    await tamper(server, 'update usage_minutes set minutes = 9223372036854775000');
    await tamper(
      server,
      'insert into usage_minutes select cid, pid, app_id, at + 86400, 5 , 0 from usage_minutes',
    );
    server.clock.time = APRIL;
    const { minutes = 0 } = rowOf(companyOf(await makeReport(server), cid), purchase.pid, appId) ?? {};
    expect(minutes).toBe(2 ** 51);
  });

  test('follows what devices do: bind, rebind, release, resume, transfer', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, purchase } = server.world;
    const enrollment = await server.enrollment();
    const device = new TestDevice(server, enrollment, 'SN-1');
    await device.ask();
    await device.ask({ purpose: 'release', automatic: false });
    await device.ask({ automatic: false });
    await new TestDevice(server, enrollment, 'SN-1', device.fingerprint).ask();
    const mover = new TestDevice(server, enrollment, 'SN-2');
    await mover.ask();
    await mover.ask({ purpose: 'transfer', toLicenseKey: 'SN-3' });
    server.clock.time = APRIL;
    expect(rowOf(companyOf(await makeReport(server), cid), purchase.pid, appId)).toMatchObject({
      activated: 2,
      released: 1,
      resumed: 1,
      transferred: 1,
    });
  });

  test('leaves a place in the trail, which stays whole', async () => {
    const server = await TestServer.start({ engine });
    const { cid } = server.world;
    server.clock.time = APRIL;
    const { head } = companyOf(await makeReport(server), cid).trail;
    const row = await server.store.reader
      .selectFrom('audit')
      .selectAll()
      .where('cid', '=', cid)
      .where('seq', '=', head.seq)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      action: 'report.create',
      actor: 'operator:test',
      hash: head.hash,
      at: APRIL,
    });
    expect(await verifyTrail(server.store.reader, cid)).not.toHaveProperty('brokenAt');
  });

  test('takes activations of a future that never was as they were corrected', async () => {
    const server = await TestServer.start({ engine });
    const { cid, appId, purchase, renewal } = server.world;
    server.clock.time = NOW + 400 * DAY;
    const license = await activated(server, 'SN-1');
    await act(server, renew, { appId, renewId: renewal.renewId, license });
    server.clock.time = NOW + DAY;
    await server.store.write(server.clock.now(), (transaction) =>
      acceptClock(transaction, cid, server.clock.now(), 'operator:test'),
    );
    await activated(server, 'SN-2');
    server.clock.time = APRIL;
    const company = companyOf(await makeReport(server), cid);
    expect(rowOf(company, purchase.pid, appId)).toMatchObject({ activated: 2, renewed: 1 });
    server.clock.time = NOW + 500 * DAY;
    const later = companyOf(await makeReport(server, { fromDay: '2026-04-01', toDay: '2027-04-30' }), cid);
    expect(rowOf(later, purchase.pid, appId)).toMatchObject({
      opening: { licenses: 2 },
      activated: 0,
      expired: 1,
    });
  });

  test('takes what was granted and used in a future that never was as it was corrected', async () => {
    const server = await TestServer.start({ engine });
    const { world, clock, store } = server;
    const { cid, appId, purchase, renewal, root, serverId } = world;
    const { grant_id: replaces } = await store.reader
      .selectFrom('vendor_grant')
      .select('grant_id')
      .executeTakeFirstOrThrow();
    clock.time = NOW + 400 * DAY;
    const lines = [
      { ...purchase, termsId: newId(), count: 200 },
      { ...renewal, termsId: newId(), count: 30 },
    ];
    const grant = await world.grant({ replaces }, lines);
    await store.write(clock.now(), (transaction) =>
      importGrant(transaction, grant, [root], serverId, 'operator:test'),
    );
    const license = await activated(server, 'SN-1');
    await act(server, renew, { appId, renewId: renewal.renewId, license });
    clock.time = NOW + DAY;
    await store.write(clock.now(), (transaction) =>
      acceptClock(transaction, cid, clock.now(), 'operator:test'),
    );
    clock.time = APRIL;
    const company = companyOf(await makeReport(server), cid);
    expect(company.renewals).toMatchObject([{ closing: { granted: 30, used: 1 }, withdrawn: 20 }]);
    expect(rowOf(company, purchase.pid)).toMatchObject({ closing: { seats: 200, used: 1 } });
    expect(company.grants.map(({ at }) => at)).toEqual([NOW, NOW + DAY]);
  });

  test('is not made under a certificate that ended', async () => {
    const server = await TestServer.start({ engine });
    server.clock.time = NOW + 5 * 365 * DAY;
    await throwsWithCode(makeReport(server), 'issuer_certificate_expired');
    const { world, store, clock } = server;
    const certificate = await world.certificate({ serial: 2, exp: clock.time + DAY });
    const issuer = { serverId: world.serverId, key: world.serverKey };
    await store.write(clock.now(), (transaction) =>
      importCertificate(transaction, certificate, [world.root], issuer, 'operator:test'),
    );
    expect((await makeReport(server)).report.iat).toBe(clock.time);
  });
});

describe.each(ENGINES)('a report is refused of a store in %s', (engine) => {
  async function used(): Promise<TestServer> {
    const server = await TestServer.start({ engine });
    const { appId, renewal, purchase } = server.world;
    await act(server, allocate, { appId, pid: purchase.pid, count: 5, creator: 'a' });
    const license = await activated(server, 'SN-1');
    await activated(server, 'SN-2');
    await act(server, renew, { appId, renewId: renewal.renewId, license });
    server.clock.time = APRIL;
    return server;
  }

  test.each([
    [
      'an altered audit row',
      `update audit set detail = replace(detail, 'SN-1', 'SN-X') where action = 'license.activate'`,
    ],
    ['a deleted audit row', `delete from audit where seq = 5`],
    ['a deleted last row', `delete from audit where seq = (select max(seq) from audit)`],
    ['rows in another order', `update audit set seq = 1000 - seq`],
  ])('with %s', async (_, statement) => {
    const server = await used();
    await tamper(server, statement);
    const error = await throwsWithCode(makeReport(server), 'audit_broken');
    expect(error.detail).toMatchObject({ cid: server.world.cid, seq: expect.any(Number) });
  });

  test.each([
    ['more seats than were granted', `update quota set granted = granted + 50 where app_id = ''`],
    ['seats that became unused', `update quota set used = used - 1 where used > 0`],
    ['seats moved to an App by hand', `update quota set granted = granted + 1 where app_id <> ''`],
    ['an allocation that nobody made', `update allocation set count = count + 1`],
    ['a license less', `delete from license where license_key = 'SN-2'`],
    [
      'a license that ends later',
      `update license set expire_time = expire_time + 86400 where license_key = 'SN-2'`,
    ],
    [
      'a license that began later',
      `update license set activation_time = activation_time + 86400, expire_time = expire_time + 86400 where license_key = 'SN-2'`,
    ],
    ['a license of another LicenseKey', `update license set license_key = 'SN-X' where license_key = 'SN-2'`],
    ['a license in another state', `update license set state = 'suspended' where license_key = 'SN-2'`],
    ['a renewal that was forgotten', `update license set renewals = '[]' where license_key = 'SN-1'`],
    ['a renewal that was given back', `update terms set used = 0 where kind = 'renewal'`],
    ['a line of more seats', `update terms set count = 500 where kind = 'purchase'`],
    ['a line that never was withdrawn', `update vendor_grant set imported_at = imported_at - 10000000`],
  ])('with %s', async (_, statement) => {
    const server = await used();
    await makeReport(server);
    await tamper(server, statement);
    const error = await throwsWithCode(makeReport(server), 'report_inconsistent');
    const { cid, purchase } = server.world;
    expect(error.detail).toMatchObject({ cid, pid: purchase.pid });
    expect(error.detail['trail']).not.toEqual(error.detail['tables']);
  });

  test('whose trail was written anew from an altered row on', async () => {
    const server = await used();
    const { cid, root } = server.world;
    await server.store.write(server.clock.now(), async ({ db }) => {
      const rows = await db.selectFrom('audit').selectAll().where('cid', '=', cid).orderBy('seq').execute();
      let hash = '0'.repeat(64);
      for (const row of rows) {
        const { hash: _, ...fields } = row;
        const altered: Omit<AuditTable, 'hash'> = {
          ...fields,
          detail: row.detail.replace('"count":5', '"count":4'),
        };
        hash = auditHash(hash, altered);
        await db
          .updateTable('audit')
          .set({ ...altered, hash })
          .where('cid', '=', cid)
          .where('seq', '=', row.seq)
          .execute();
      }
      await db.updateTable('audit_head').set({ hash }).where('cid', '=', cid).execute();
    });
    expect(await verifyTrail(server.store.reader, cid)).not.toHaveProperty('brokenAt');
    const error = await throwsWithCode(makeReport(server), 'report_inconsistent');
    expect(error.detail).toMatchObject({ trail: 96, tables: 95 });
    expect(root.thumbprint).toBeDefined();
  });

  test.each([['renewal'], ['purchase']])(
    'with a withdrawn %s line that was put back, used or not',
    async (kind) => {
      const server = await TestServer.start({ engine });
      const { world, store, clock } = server;
      const { appId, purchase, renewal, root, serverId } = world;
      const { grant_id: replaces } = await store.reader
        .selectFrom('vendor_grant')
        .select('grant_id')
        .executeTakeFirstOrThrow();
      const lines = [
        { ...purchase, termsId: newId() },
        { ...renewal, termsId: newId(), count: 2 },
      ];
      const grant = await world.grant({ replaces }, lines);
      await store.write(clock.now(), (transaction) =>
        importGrant(transaction, grant, [root], serverId, 'operator:test'),
      );
      await tamper(server, `update terms set withdrawn = 0 where kind = '${kind}'`);
      for (const key of ['SN-1', 'SN-2', 'SN-3']) {
        const license = await activated(server, key);
        if (kind === 'renewal') await act(server, renew, { appId, renewId: renewal.renewId, license });
      }
      clock.time = APRIL;
      const error = await throwsWithCode(makeReport(server), 'report_inconsistent');
      expect(error.detail).toMatchObject({ trail: 1, tables: 0, pid: purchase.pid });
      // What was used beyond the grant stays known, also where the mark is set again.
      await tamper(
        server,
        `update terms set withdrawn = 1 where grant_id = '${replaces}' and kind = '${kind}'`,
      );
      if (kind === 'renewal') await throwsWithCode(makeReport(server), 'report_contradictory');
    },
  );

  test("where one company's rows are wrong, while another's report is still made", async () => {
    const server = await used();
    const other = await secondCompany(server);
    await tamper(server, `update quota set granted = 999 where cid = '${server.world.cid}' and app_id = ''`);
    await throwsWithCode(makeReport(server), 'report_inconsistent');
    expect((await makeReport(server, { cid: other.cid })).report.companies).toHaveLength(1);
  });
});
