import { describe, expect, test } from 'vitest';
import { derivePid, deriveRenewId, type Validity } from '#core/catalog.ts';
import { MAX_RENEWALS } from '#core/documents/license-token.ts';
import type { RenewalTerms } from '#core/documents/terms.ts';
import { newAppId, newId } from '#core/ids.ts';
import { renew } from '../../server-stub/licensing/renew.ts';
import type { LicenseState } from '../../server-stub/store/schema.ts';
import { TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { everything } from '../support/everything.ts';
import { importInto } from '../support/import-into.ts';
import type { CallAnswer } from '../support/openapi-client.ts';
import { TestServer } from '../support/server.ts';
import { NOW, ONE_YEAR, VIDEO_SKU, type World } from '../support/world.ts';

endClusterAfterAll();

const DAY = 86_400;
/** The year after the first one: it holds 29 February 2028. */
const LEAP_YEAR = 366 * DAY;
const THREE_MONTHS: Validity = { unit: 'month', count: 3 };
const at = (iso: string) => Date.parse(iso) / 1000;

function renewBy(
  server: TestServer,
  license: string,
  { renewId = server.world.renewal.renewId, appId = server.world.appId, version = 'v2' } = {},
): Promise<CallAnswer> {
  const query = new URLSearchParams({ appid: appId, renewId, license });
  return server.call('POST', `/dabiz/license/${version}/renew?${query}`);
}

const activated = async (server: TestServer, licenseKey = 'SN-1', appId = server.world.appId) =>
  (await server.activate(licenseKey, { appId })).body.data;

const renewalOf = ({ purchase, renewal }: World, more: Partial<RenewalTerms>): RenewalTerms => ({
  ...renewal,
  termsId: newId(),
  ...more,
  renewId: deriveRenewId(more.pid ?? purchase.pid, more.validity ?? renewal.validity),
});

/** `used` of the renewal lines, in order of arrival. */
async function renewalsUsed(server: TestServer): Promise<number[]> {
  const rows = await server.store.reader
    .selectFrom('terms')
    .select('used')
    .where('kind', '=', 'renewal')
    .orderBy('position')
    .execute();
  return rows.map(({ used }) => used);
}

const inState = (server: TestServer, license: string, state: LicenseState) =>
  server.store.write(server.clock.now(), ({ db }) =>
    db.updateTable('license').set({ state }).where('license', '=', license).execute(),
  );

describe.each(ENGINES)('renewal through the OpenAPI, store in %s', (engine) => {
  test.each<[string, Validity, Validity, string, string, string]>([
    [
      '1663743436 + 1 year + 1 year',
      ONE_YEAR,
      ONE_YEAR,
      '2022-09-21T06:57:16Z',
      '2023-09-21T06:57:16Z',
      '2024-09-21T06:57:16Z',
    ],
    [
      '1660205290 + 3 months + 3 months',
      THREE_MONTHS,
      THREE_MONTHS,
      '2022-08-11T08:08:10Z',
      '2022-11-11T08:08:10Z',
      '2023-02-11T08:08:10Z',
    ],
    [
      '29 February + 1 year + 1 year',
      ONE_YEAR,
      ONE_YEAR,
      '2024-02-29T12:00:00Z',
      '2025-02-28T12:00:00Z',
      '2026-02-28T12:00:00Z',
    ],
    [
      '30 November + 3 months + 1 year',
      THREE_MONTHS,
      ONE_YEAR,
      '2025-11-30T01:02:03Z',
      '2026-02-28T01:02:03Z',
      '2027-02-28T01:02:03Z',
    ],
    [
      '31 January + 3 months',
      THREE_MONTHS,
      THREE_MONTHS,
      '2026-01-31T00:00:00Z',
      '2026-04-30T00:00:00Z',
      '2026-07-30T00:00:00Z',
    ],
  ])('%s', async (_name, validity, renewal, start, end, renewedEnd) => {
    const server = await TestServer.start({
      engine,
      world: { now: at(start), validity },
      lines: (world) => [world.purchase, renewalOf(world, { validity: renewal })],
    });
    const { license, expireTime } = await activated(server);
    expect(expireTime).toBe(at(end));
    const renewId = deriveRenewId(server.world.purchase.pid, renewal);
    const { status, body } = await renewBy(server, license, { renewId });
    expect([status, body]).toEqual([
      200,
      { code: 200, message: 'license续期成功', data: { license, expireTime: at(renewedEnd) } },
    ]);
    expect((await server.detail(license)).body.data.expireTime).toBe(at(renewedEnd));
  });

  test('the documented numbers', async () => {
    const years = await TestServer.start({ engine, world: { now: 1_663_743_436 } });
    expect((await activated(years)).expireTime).toBe(1_695_279_436);
    const months = await TestServer.start({
      engine,
      world: { now: 1_660_205_290, validity: THREE_MONTHS },
    });
    expect((await activated(months)).expireTime).toBe(1_668_154_090);
  });

  test('a device holds the longer license after its next refresh, also when it had expired', async () => {
    const server = await TestServer.start({
      engine,
      lines: ({ purchase, renewal }) => [{ ...purchase, sku: VIDEO_SKU }, renewal],
    });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const first = await device.ask();
    if (first.kind !== 'token') throw new Error('no token');
    const { license, expireTime } = first.token;
    expect((await renewBy(server, license, { version: 'v1' })).body.data).toEqual({
      ...{ license, expireTime: expireTime + LEAP_YEAR },
    });
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({
      kind: 'token',
      token: {
        expireTime: expireTime + LEAP_YEAR,
        renewals: [{ termsId: server.world.renewal.termsId, at: NOW }],
      },
    });

    // A month after its end: the new time starts now.
    server.clock.time = expireTime + 395 * DAY;
    expect((await server.activate('SN-1')).body.error).toBe('license_expired');
    const { body } = await renewBy(server, license);
    expect(body.data.expireTime).toBe(server.clock.time + 365 * DAY);
    expect((await server.activate('SN-1')).status).toBe(200);
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({
      kind: 'token',
      token: { expireTime: body.data.expireTime, renewals: [{}, { at: server.clock.time }] },
    });
    expect(await renewalsUsed(server)).toEqual([2]);
  });

  test('the lines for the App alone go first, then the shared ones, the oldest with renewals left', async () => {
    const server = await TestServer.start({
      engine,
      lines: (world) => [
        world.purchase,
        renewalOf(world, { count: 1 }),
        renewalOf(world, { count: 1 }),
        renewalOf(world, { count: 1, appId: world.appId }),
        renewalOf(world, { count: 1, appId: world.otherAppId }),
      ],
    });
    const { license } = await activated(server);
    const used = [];
    for (let n = 0; n < 4; n += 1) {
      const { status, body } = await renewBy(server, license);
      used.push([status === 200 ? 'renewed' : body.error, ...(await renewalsUsed(server))]);
    }
    expect(used).toEqual([
      ['renewed', 0, 0, 1, 0],
      ['renewed', 1, 0, 1, 0],
      ['renewed', 1, 1, 1, 0],
      ['renewal_exhausted', 1, 1, 1, 0],
    ]);
    const other = await activated(server, 'SN-2', server.world.otherAppId);
    expect((await renewBy(server, other.license, { appId: server.world.otherAppId })).status).toBe(200);
  });

  test('fifty at once for twenty renewals: exactly twenty, however they meet in a batch', async () => {
    const server = await TestServer.start({ engine });
    const licenses = await Promise.all(
      Array.from({ length: 5 }, async (_, n) => (await activated(server, `SN-${n}`)).license),
    );
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => renewBy(server, licenses[n % 5] ?? '')),
    );
    const codes = answers.map(({ status, body }) => (status === 200 ? 'renewed' : body.error));
    expect(codes.filter((code) => code === 'renewed')).toHaveLength(20);
    expect(codes.filter((code) => code === 'renewal_exhausted')).toHaveLength(30);
    expect(await renewalsUsed(server)).toEqual([20]);
    const rows = await server.store.reader
      .selectFrom('license')
      .select(['renewals', 'expire_time'])
      .execute();
    const years = rows.map(({ renewals }) => JSON.parse(renewals).length);
    expect(years.reduce((sum, n) => sum + n, 0)).toBe(20);
    for (const { renewals, expire_time } of rows)
      expect(new Date(expire_time * 1000).getUTCFullYear()).toBe(2027 + JSON.parse(renewals).length);
  });

  test('a seventeenth renewal is refused, and the sixteenth still fits a token', async () => {
    const server = await TestServer.start({ engine });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    const { license } = (await server.detail('SN-1')).body.data;
    for (let n = 0; n < MAX_RENEWALS; n += 1) expect((await renewBy(server, license)).status).toBe(200);
    const before = await everything(server.store.reader);
    expect((await renewBy(server, license)).body).toMatchObject({ code: 400, error: 'renewal_limit' });
    expect(await everything(server.store.reader)).toEqual(before);
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({
      token: { renewals: { length: MAX_RENEWALS } },
    });
  });

  test('a suspended license is renewed and stays suspended; a released one is refused', async () => {
    const server = await TestServer.start({ engine });
    const { license } = await activated(server);
    await inState(server, license, 'suspended');
    expect((await renewBy(server, license)).status).toBe(200);
    expect((await server.activate('SN-1')).body.error).toBe('suspended');
    for (const state of ['released', 'transferred'] as const) {
      await inState(server, license, state);
      expect((await renewBy(server, license)).body).toMatchObject({ code: 400, error: state });
    }
  });

  test('what does not fit is refused and changes nothing', async () => {
    const trial = (world: World) => derivePid(world.purchase.sku, THREE_MONTHS, 'device');
    const server = await TestServer.start({
      engine,
      lines: (world) => [
        world.purchase,
        world.renewal,
        { ...world.purchase, termsId: newId(), validity: THREE_MONTHS, pid: trial(world) },
        renewalOf(world, { pid: trial(world) }),
      ],
    });
    const { license } = await activated(server);
    const { appId, otherAppId, purchase, renewal } = server.world;
    const before = await everything(server.store.reader);
    const otherPid = deriveRenewId(trial(server.world), renewal.validity);
    for (const [answer, error] of [
      [renewBy(server, license, { renewId: newId() }), 'unknown_renew_id'],
      [renewBy(server, license, { renewId: purchase.pid }), 'unknown_renew_id'],
      [renewBy(server, license, { renewId: otherPid }), 'renewal_other_pid'],
      [renewBy(server, newId()), 'unknown_license'],
      [renewBy(server, license.toLowerCase()), 'unknown_license'],
      [renewBy(server, license, { appId: otherAppId }), 'unknown_license'],
      [renewBy(server, license, { appId: newAppId() }), 'unknown_app'],
    ] as const)
      expect((await answer).body).toMatchObject({ code: 400, error });
    expect(await everything(server.store.reader)).toEqual(before);
    expect(appId).not.toBe(otherAppId);
  });

  test('renewals of a withdrawn line stay proven; its use counts against the line that took its place', async () => {
    const server = await TestServer.start({ engine });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    const { license } = (await server.detail('SN-1')).body.data;
    await renewBy(server, license);
    const [first] = await server.store.reader.selectFrom('vendor_grant').select('grant_id').execute();
    const { purchase } = server.world;
    const lines = [{ ...purchase, termsId: newId() }, renewalOf(server.world, { count: 2 })];
    await importInto(server, await server.world.grant({ replaces: first?.grant_id ?? '' }, lines));
    expect((await renewBy(server, license)).status).toBe(200);
    expect((await renewBy(server, license)).body.error).toBe('renewal_exhausted');
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({ token: { renewals: { length: 2 } } });
  });

  test('the audit trail tells who renewed what by how much', async () => {
    const server = await TestServer.start({ engine });
    const { license, expireTime, pid } = await activated(server);
    await renewBy(server, license);
    const row = await server.store.reader
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'license.renew')
      .executeTakeFirstOrThrow();
    const { appId, renewal } = server.world;
    expect(row).toMatchObject({
      subject: license,
      actor: `credential:${server.folder.credential.customerId}`,
    });
    expect(JSON.parse(row.detail)).toEqual({
      ...{ appId, pid, licenseKey: 'SN-1', renewId: renewal.renewId, termsId: renewal.termsId },
      ...{ previousExpireTime: expireTime, expireTime: expireTime + LEAP_YEAR, from: '127.0.0.1' },
    });
  });
});

test('a server whose certificate has ended renews nothing', async () => {
  const server = await TestServer.start();
  const { license } = await activated(server);
  server.clock.time = NOW + 4 * 365 * DAY;
  const { cid, appId, renewal } = server.world;
  const [outcome] = await server.store.write(server.clock.now(), (trx) =>
    renew(trx, [{ cid, appId, license, renewId: renewal.renewId, actor: 'operator:test' }]),
  );
  expect(outcome).toMatchObject({ ok: false, error: { code: 'issuer_certificate_expired' } });
  expect(await renewalsUsed(server)).toEqual([0]);
});
