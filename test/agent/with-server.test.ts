import { expect, test, vi } from 'vitest';
import { LicenseClient } from '../../agent/client.ts';
import { TestServer } from '../support/server.ts';
import { AgentFolder, DAY, FakeClock, runDaemon } from './support.ts';

test('an agent and a license server by HTTPS: activated, refreshed, and licensed when the server is gone', async () => {
  const server = await TestServer.start({ tls: true });
  const folder = new AgentFolder(server.world);
  folder.enrollment = await server.enrollment();
  folder.enroll(server.url);
  const clock = new FakeClock(server.clock.time);
  const daemon = await runDaemon(folder, clock);
  const client = new LicenseClient({ socket: daemon.sockets.agent });
  await vi.waitFor(async () => expect((await client.status()).state).toBe('active'), { timeout: 5000 });
  const { license, usableUntil } = await client.status();

  clock.pass(2 * DAY);
  server.clock.time += 2 * DAY;
  const refreshed = await daemon.service.ask({ purpose: 'refresh' });
  expect(refreshed.license).toBe(license);
  expect(refreshed.usableUntil).toBe((usableUntil ?? 0) + 2 * DAY);

  await server.stop();
  clock.pass(80 * DAY);
  expect(await client.check('video')).toMatchObject({ allowed: true, state: 'active' });
});
