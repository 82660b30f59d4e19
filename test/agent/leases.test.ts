import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { SessionAnswer } from '../../agent/client/local-answers.ts';
import { LicenseClient } from '../../agent/client.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { TestServer } from '../support/server.ts';
import { call, until } from './running-agent.ts';
import { AgentFolder, FakeClock, runDaemon } from './support.ts';

/** Two devices of a company that bought two concurrent users. */
async function twoDevices() {
  const server = await TestServer.start({ lines: ({ purchase }) => [{ ...purchase, count: 10, pcu: 2 }] });
  const network = await FaultProxy.start(server.url);
  const clock = new FakeClock();
  const device = async (licenseKey: string) => {
    const folder = new AgentFolder(server.world);
    const toml = folder.toml().replace(server.world.licenseKey, licenseKey);
    writeFileSync(folder.configFile, toml);
    folder.write('identity.json', { components: { boardSerial: [licenseKey], productUuid: [licenseKey] } });
    folder.enrollment = await server.enrollment();
    folder.enroll(network.url);
    const daemon = await runDaemon(folder, clock);
    await until(new LicenseClient({ socket: daemon.sockets.agent }), 'active');
    return {
      open: (): Promise<SessionAnswer> => call(daemon, 'POST', '/v1/sessions', { body: { media: 'video' } }),
      beat: (id: string | null): Promise<SessionAnswer> => call(daemon, 'POST', `/v1/sessions/${id}`),
      end: (id: string | null): Promise<SessionAnswer> => call(daemon, 'DELETE', `/v1/sessions/${id}`),
      status: () => call(daemon, 'GET', '/v1/status'),
    };
  };
  const leased = async () => {
    const rows = await server.store.reader.selectFrom('concurrency_lease').select('sessions').execute();
    return rows.reduce((sum, { sessions }) => sum + sessions, 0);
  };
  return { server, network, clock, leased, one: await device('SN-1'), two: await device('SN-2') };
}

test('as many sessions run at the same time as were bought, on whichever device', async () => {
  const { one, two, leased } = await twoDevices();
  const first = await one.open();
  expect(await two.open()).toMatchObject({ allowed: true });
  expect(await one.open()).toMatchObject({
    ...{ id: null, allowed: false, reason: 5, because: 'concurrency_exhausted' },
  });
  expect(await leased()).toBe(2);
  await one.end(first.id);
  await expect.poll(leased).toBe(1);
  expect(await two.open()).toMatchObject({ allowed: true });
  expect(await leased()).toBe(2);
  expect((await one.status()).lastRefresh.outcome).toBe('ok');
});

test('two that begin in one moment on one device do not both count as the first', async () => {
  const { one } = await twoDevices();
  const answers = await Promise.all([one.open(), one.open(), one.open()]);
  expect(answers.filter(({ allowed }) => allowed)).toHaveLength(2);
});

test('without the server each license runs one session; with it again the cap holds', async () => {
  const { network, one, two } = await twoDevices();
  network.cut();
  const alone = await one.open();
  expect(alone).toMatchObject({ allowed: true });
  expect(await one.open()).toMatchObject({ allowed: false, because: 'concurrency_exhausted' });
  expect(await two.open()).toMatchObject({ allowed: true });
  network.join();
  expect(await one.open()).toMatchObject({ allowed: true });
  expect(await two.open()).toMatchObject({ allowed: false, because: 'concurrency_exhausted' });
});

test('sessions that began without the server are leased once it is there again, and no more begin', async () => {
  const { network, clock, leased, one, two } = await twoDevices();
  network.cut();
  const sessions = [
    [one, await one.open()],
    [two, await two.open()],
  ] as const;
  expect(sessions.map(([, { allowed }]) => allowed)).toEqual([true, true]);
  expect(await leased()).toBe(0);
  network.join();
  clock.pass(60);
  for (const [device, { id }] of sessions) expect(await device.beat(id)).toMatchObject({ id });
  await expect.poll(leased).toBe(2);
  expect(await two.open()).toMatchObject({ allowed: false, because: 'concurrency_exhausted' });
});
