import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { codeOf } from '../support/forge.ts';
import { NOW, World } from '../support/world.ts';
import { call, startAgent, until } from './running-agent.ts';
import { DAY } from './support.ts';

const admin = { socket: 'admin' } as const;
const keys = (count: number) =>
  Array.from({ length: count }, (_, index) => `CAM-${String(index).padStart(4, '0')}`);

async function gateway() {
  const agent = await startAgent({ toml: 'ownLicense = false' });
  const { daemon } = agent;
  const add = (licenseKeys: readonly string[]) =>
    call(daemon, 'POST', '/v1/licenses', { ...admin, body: { licenseKeys } });
  return { ...agent, add };
}

describe('a gateway', () => {
  test('holds licenses for others, asks for none itself, and answers for each', async () => {
    const { add, daemon, client, server } = await gateway();
    expect((await add(['CAM-1', 'CAM-2'])).outcomes).toEqual([
      { licenseKey: 'CAM-1', outcome: 'ok' },
      { licenseKey: 'CAM-2', outcome: 'ok' },
    ]);
    expect(server.calls).toBe(1);
    const { license } = await call(daemon, 'GET', '/v1/licenses/CAM-1');
    expect(license).toBe(server.seats.get('CAM-1')?.license);
    expect(await call(daemon, 'GET', '/v1/check?media=video&licenseKey=CAM-2')).toMatchObject({
      allowed: true,
    });
    expect(await client.status()).toMatchObject({ state: 'unlicensed', held: 2, nextRefreshAt: null });
    expect(await codeOf(() => call(daemon, 'GET', '/v1/check?licenseKey=CAM-3'))).toBe('not_held');
    expect(await codeOf(() => call(daemon, 'GET', '/v1/licenses/CAM-3'))).toBe('not_held');
  });

  test('takes one in by PUT, again without another seat, and gives it up by DELETE', async () => {
    const { daemon, server } = await gateway();
    const path = `/v1/licenses/${encodeURIComponent('室内/相机 1')}`;
    const put = await call(daemon, 'PUT', path, admin);
    expect(put).toMatchObject({ licenseKey: '室内/相机 1', outcome: 'ok', status: { state: 'active' } });
    expect(await call(daemon, 'PUT', path, admin)).toMatchObject({ outcome: 'ok' });
    expect(server.requests).toHaveLength(1);
    expect(await call(daemon, 'DELETE', path, admin)).toMatchObject({ outcome: 'ok' });
    expect(await codeOf(() => call(daemon, 'GET', path))).toBe('not_held');
    expect(server.requests.map(({ purpose }) => purpose)).toEqual(['activate', 'release']);
    expect(await call(daemon, 'GET', '/v1/licenses')).toEqual({ count: 0, licenseKeys: [], next: null });
  });

  test('gives several up at once, among them those that no path can name', async () => {
    const { daemon, server } = await gateway();
    const licenseKeys = ['..', '.', 'a/b', '%2e%2e'];
    const take = { ...admin, body: { licenseKeys } };
    const all = licenseKeys.map((licenseKey) => ({ licenseKey, outcome: 'ok' }));
    expect(await call(daemon, 'POST', '/v1/licenses', take)).toEqual({ outcomes: all });
    expect((await call(daemon, 'GET', '/v1/check?media=video&licenseKey=..')).allowed).toBe(true);
    expect(await call(daemon, 'POST', '/v1/releases', take)).toEqual({ outcomes: all });
    expect(server.requests.map(({ purpose }) => purpose)).toEqual([
      ...licenseKeys.map(() => 'activate'),
      ...licenseKeys.map(() => 'release'),
    ]);
    expect(await codeOf(() => call(daemon, 'POST', '/v1/releases', take))).toBe('not_held');
    expect(await codeOf(() => call(daemon, 'POST', '/v1/releases', { body: { licenseKeys } }))).toBe(
      'not_found',
    );
  });

  test('whose server is away keeps what it was told, and does it when the server is back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { add, daemon, server, clock } = await gateway();
    await add(['CAM-1']);
    server.misbehave = () => 'close';
    expect((await add(['CAM-2'])).outcomes).toEqual([{ licenseKey: 'CAM-2', outcome: 'server_unreachable' }]);
    expect(await call(daemon, 'DELETE', '/v1/licenses/CAM-1', admin)).toMatchObject({
      outcome: 'server_unreachable',
    });
    expect(await call(daemon, 'GET', '/v1/licenses/CAM-1')).toMatchObject({ state: 'released' });
    server.misbehave = undefined;
    for (let tries = 0; tries < 100 && daemon.service.licenses.isMember('CAM-1'); tries += 1) {
      clock.pass(10);
      await vi.advanceTimersByTimeAsync(10_000);
      await daemon.settled();
    }
    expect(daemon.service.licenses.isMember('CAM-1')).toBe(false);
    expect(await call(daemon, 'GET', '/v1/licenses/CAM-2')).toMatchObject({ state: 'active' });
    // The same release, told again: the server has done it once.
    const releases = server.requests.filter(({ purpose }) => purpose === 'release');
    expect(new Set(releases.map(({ jti }) => jti)).size).toBe(1);
  });

  test('lists what it holds by pages, and refuses what is no LicenseKey or too many', async () => {
    const { add, daemon } = await gateway();
    await add(keys(30));
    const first = await call(daemon, 'GET', '/v1/licenses?size=20');
    expect(first).toMatchObject({ count: 30, licenseKeys: keys(20), next: 'CAM-0019' });
    const rest = await call(daemon, 'GET', `/v1/licenses?size=20&after=${first.next}`);
    expect(rest).toMatchObject({ licenseKeys: keys(30).slice(20), next: null });
    for (const size of ['0', '1001', 'x'])
      expect(await codeOf(() => call(daemon, 'GET', `/v1/licenses?size=${size}`))).toBe('parameter_invalid');
    expect(await codeOf(() => add([' CAM']))).toBe('body_malformed');
    expect(await codeOf(() => add(keys(1001)))).toBe('body_malformed');
    const { members } = daemon.service.licenses.store;
    vi.spyOn(members, 'count').mockReturnValue(10_000);
    expect(await codeOf(() => add(['CAM-X']))).toBe('too_many_licenses');
  });

  test('that was off for two days spreads what is due, in calls of 250, each license by itself', async () => {
    const { add, daemon, server, clock, run } = await gateway();
    await add(keys(600));
    expect(server.calls).toBe(3);
    await daemon.close();
    clock.pass(2 * DAY);
    const again = await run();
    const due = keys(600).map(
      (licenseKey) => (again.daemon.loop.nextAt(licenseKey) ?? Number.POSITIVE_INFINITY) - clock.wall,
    );
    expect(Math.max(...due)).toBeLessThanOrEqual(180);
    expect(
      again.daemon.service.licenses.store.members.all(
        again.daemon.service.licenses.requireEnrolled().subject,
      ),
    ).toHaveLength(600);
    expect(server.calls).toBe(3);
  });

  test('forgets nothing that a refused batch holds: each answer stands by itself', async () => {
    const { add, daemon, server } = await gateway();
    server.misbehave = (request) =>
      request.licenseKey === 'CAM-BAD' ? server.deny(request, 'quota_exhausted') : undefined;
    const { outcomes } = await add(['CAM-1', 'CAM-BAD', 'CAM-2']);
    expect(outcomes).toEqual([
      { licenseKey: 'CAM-1', outcome: 'ok' },
      { licenseKey: 'CAM-BAD', outcome: 'quota_exhausted' },
      { licenseKey: 'CAM-2', outcome: 'ok' },
    ]);
    expect(await call(daemon, 'GET', '/v1/licenses/CAM-BAD')).toMatchObject({ state: 'unlicensed' });
  });
});

test('a device with a license of its own may hold others beside it', async () => {
  const { daemon, client } = await startAgent();
  await until(client, 'active');
  await call(daemon, 'PUT', '/v1/licenses/CAM-1', admin);
  expect(await client.status()).toMatchObject({ state: 'active', held: 1 });
});

test('applications may take in accounts where a setting allows it, and not otherwise', async () => {
  const closed = await startAgent();
  expect(await codeOf(() => call(closed.daemon, 'PUT', '/v1/licenses/alice'))).toBe('method_not_allowed');
  const open = await startAgent({
    toml: 'accountActivation = true',
    world: new World({ category: 'account' }),
  });
  open.server.token = { exp: NOW + 7 * DAY, graceSeconds: DAY };
  expect(await call(open.daemon, 'PUT', '/v1/licenses/alice')).toMatchObject({ outcome: 'ok' });
  expect(await call(open.daemon, 'GET', '/v1/check?media=video&licenseKey=alice')).toMatchObject({
    allowed: true,
  });
  expect(await call(open.daemon, 'DELETE', '/v1/licenses/alice')).toMatchObject({ outcome: 'ok' });
  // The license of the device itself, and licenses of devices, are the owner's.
  expect(await codeOf(() => call(open.daemon, 'DELETE', `/v1/licenses/${open.world.licenseKey}`))).toBe(
    'not_an_account',
  );
  const devices = await startAgent({ toml: 'accountActivation = true' });
  await until(devices.client, 'active');
  expect(await codeOf(() => call(devices.daemon, 'PUT', '/v1/licenses/CAM-1'))).toBe('not_an_account');
  expect((await devices.client.status()).state).toBe('active');
});

test('a session of a license that was given up is over at its next heartbeat', async () => {
  const { daemon, client } = await startAgent();
  await until(client, 'active');
  await call(daemon, 'PUT', '/v1/licenses/CAM-1', admin);
  const body = { media: 'video', licenseKey: 'CAM-1' };
  const { id } = await call(daemon, 'POST', '/v1/sessions', { body });
  await call(daemon, 'DELETE', '/v1/licenses/CAM-1', admin);
  expect(await call(daemon, 'POST', `/v1/sessions/${id}`)).toMatchObject({
    ...{ id: null, allowed: false, reason: 1, because: 'released' },
  });
  expect(await codeOf(() => call(daemon, 'POST', `/v1/sessions/${id}`))).toBe('unknown_session');
});
