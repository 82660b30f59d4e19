import { readFileSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { addValidity } from '#core/calendar.ts';
import type { AgentStatus } from '../../agent/client/local-answers.ts';
import type { Daemon } from '../../agent/daemon.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { TestServer } from '../support/server.ts';
import { NOW } from '../support/world.ts';
import { AgentFolder, DAY, FakeClock, HOUR, runDaemon } from './support.ts';

/** Time goes by in steps of so much. */
const STEP = 3 * HOUR;

/** A device and its license server, with the timers of the real daemon. */
class Year {
  readonly clock = new FakeClock();
  readonly folder: AgentFolder;
  readonly server: TestServer;
  daemon: Daemon | undefined;

  readonly network: FaultProxy;

  private constructor(server: TestServer, network: FaultProxy) {
    this.server = server;
    this.network = network;
    this.folder = new AgentFolder(server.world);
  }

  static async start(): Promise<Year> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const server = await TestServer.start();
    const year = new Year(server, await FaultProxy.start(server.url));
    year.folder.configure('persistIntervalSeconds = 60');
    year.folder.enrollment = await year.server.enrollment();
    year.folder.enroll(year.network.url);
    await year.boot();
    return year;
  }

  async boot(): Promise<void> {
    this.daemon = await runDaemon(this.folder, this.clock);
    await this.#settle();
  }

  /** Time goes by; the network is there or not. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= STEP) {
      const step = Math.min(STEP, left);
      this.clock.pass(step);
      this.server.clock.time += step;
      await this.#settle();
    }
  }

  /** The power goes without a word, for a while; the clock chip starts at 1970 then. */
  async powerLoss(offSeconds: number): Promise<void> {
    const files = ['', '-wal', '-shm'].map((suffix) => `${this.folder.store}${suffix}`);
    const onDisk = files.map((file) => readFileSync(file));
    await this.daemon?.close();
    // What it wrote on its way down was never written.
    for (const [index, file] of files.entries()) writeFileSync(file, onDisk[index] ?? '');
    this.clock.reboot({ offSeconds, wall: 0 });
    this.server.clock.time += offSeconds;
    await this.boot();
  }

  async status(): Promise<AgentStatus> {
    if (this.daemon === undefined) throw new Error('not running');
    return this.daemon.service.status();
  }

  /** Timers of the daemon look once a minute, whatever the clock did meanwhile. */
  async #settle(): Promise<void> {
    await vi.advanceTimersByTimeAsync(60_000);
    await this.daemon?.settled();
  }
}

test('a year: refreshes, an outage of 70 days, two power losses that reset the clock, a renewal', async () => {
  const year = await Year.start();
  const { server, clock } = year;
  const seen: [string, string, boolean][] = [];
  const note = async (what: string) => {
    const { state, capabilities } = await year.status();
    seen.push([what, state, capabilities.video.allowed]);
  };
  await note('activated');
  const { license, expireTime } = await year.status();
  expect(expireTime).toBe(addValidity(NOW, { unit: 'year', count: 1 }));

  await year.pass(30 * DAY);
  await note('a month of daily refreshes');
  expect((await year.status()).usableUntil).toBeGreaterThan(clock.wall + 102 * DAY);

  // Tokens live 90 days.
  year.network.cut();
  await year.pass(70 * DAY);
  await note('70 days without the server');
  expect((await year.status()).usableUntil).toBeLessThan(clock.wall + 35 * DAY);
  await year.pass(20 * DAY);
  await note('90 days: grace');
  await year.powerLoss(HOUR);
  await note('a power loss in the outage, the clock at 1970');
  year.network.join();
  await year.pass(2 * HOUR);
  await note('the server is back: the clock is right again');
  expect(Math.abs((await year.status()).trustedTime - server.clock.time)).toBeLessThan(STEP);

  await year.powerLoss(3 * DAY);
  await year.pass(HOUR);
  await note('a second power loss');
  expect((await year.status()).license).toBe(license);

  await year.pass(200 * DAY);
  await note('ten months');
  const { world } = server;
  const renewed = await server.call(
    'POST',
    `/dabiz/license/v2/renew?appid=${world.appId}&renewId=${world.renewal.renewId}&license=${license}`,
  );
  expect(renewed.status).toBe(200);
  await year.pass(60 * DAY);
  await note('past the first end, renewed');
  expect((await year.status()).expireTime).toBe(addValidity(expireTime ?? 0, { unit: 'year', count: 1 }));
  expect((await year.status()).license).toBe(license);

  expect(seen).toEqual([
    ['activated', 'active', true],
    ['a month of daily refreshes', 'active', true],
    ['70 days without the server', 'active', true],
    ['90 days: grace', 'grace', true],
    ['a power loss in the outage, the clock at 1970', 'grace', true],
    ['the server is back: the clock is right again', 'active', true],
    ['a second power loss', 'active', true],
    ['ten months', 'active', true],
    ['past the first end, renewed', 'active', true],
  ]);
}, 120_000);
