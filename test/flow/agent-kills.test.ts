import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRequestFile } from '#core/documents/request-file.ts';
import { LicenseError } from '#core/errors.ts';
import { askDaemon, type DaemonRequest } from '../../agent/client/ask-daemon.ts';
import type { AgentStatus, SessionAnswer } from '../../agent/client/local-answers.ts';
import { AgentStore } from '../../agent/store/agent-store.ts';
import { loadInstallation } from '../../server-stub/installation.ts';
import { AnswerDesk } from '../../server-stub/licensing/answer-desk.ts';
import { TestServer } from '../support/server.ts';
import { AgentFolder } from './agent-folder.ts';
import type { Running } from './program.ts';

/**
 * Kills of a device that is activated, refreshed and answered by files, and of one that counts minutes: a hundred in
 * `npm run campaign`, a tenth of that beside all other tests.
 */
const CAMPAIGN = process.env['CAMPAIGN'] !== undefined;
const KILLS = CAMPAIGN ? 80 : 9;
const METERED_KILLS = CAMPAIGN ? 20 : 3;

/** From 0 to below 1, the same in every run (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A device, started again after each kill. */
class Killed {
  readonly device: AgentFolder;
  daemon: Running | undefined;

  constructor(device: AgentFolder) {
    this.device = device;
  }

  async start(): Promise<void> {
    this.daemon = await this.device.daemon();
  }

  async kill(): Promise<void> {
    await this.daemon?.end('SIGKILL');
  }

  call<T>(
    socket: 'agentSocket' | 'adminSocket',
    method: DaemonRequest['method'],
    path: string,
    body?: object,
  ) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const request = { method, path, body: text, timeoutMs: 10_000 };
    return askDaemon(String(this.daemon?.ready[socket]), request) as Promise<T>;
  }

  status(): Promise<AgentStatus> {
    return this.call('agentSocket', 'GET', '/v1/status');
  }
}

/** What a killed daemon cannot answer is nobody's fault. */
const orKilled = async (work: Promise<unknown>) => {
  await work.catch((thrown: unknown) => {
    if (!(thrown instanceof LicenseError && thrown.code === 'daemon_down')) throw thrown;
  });
};

async function enrolledDevice(server: TestServer, licenseKey: string): Promise<Killed> {
  const device = new AgentFolder(server.folder.rootsFile, {
    LICENSE_AGENT_LICENSE_KEY_VALUE: licenseKey,
    LICENSE_AGENT_LOG_LEVEL: 'fatal',
  });
  await device.enroll(await server.enrollment({ expiresAt: server.clock.now() + 86_400 }));
  return new Killed(device);
}

/** Activations, refreshes and answers that came as files, each killed at a moment of its own. */
async function killed(server: TestServer): Promise<void> {
  const random = randomOf(1);
  const agent = await enrolledDevice(server, 'SN-KILLED');
  const installation = loadInstallation(server.folder);
  const desk = new AnswerDesk(server.store, server.clock, installation);
  const byFile = async () => {
    const file = await agent.call('adminSocket', 'POST', '/v1/requests', {});
    const answered = await desk.answer(parseRequestFile(JSON.stringify(file), 'request'), 'test');
    await agent.call('adminSocket', 'POST', '/v1/answers', {
      version: 1,
      answers: answered.map(({ answer }) => answer),
    });
  };
  let license: string | null = null;
  for (let cycle = 0; cycle < KILLS; cycle += 1) {
    await agent.start();
    // Halfway at the latest: a slow machine is killed before it ever was licensed.
    if (license === null && cycle >= KILLS / 2) await agent.device.checkUntil(0);
    const { state, license: now } = await agent.status();
    // Once licensed, licensed at every start, before any server was asked.
    if (license !== null) expect([cycle, state, now]).toEqual([cycle, 'active', license]);
    license = state === 'active' ? now : license;
    const work = [
      () => agent.call('adminSocket', 'POST', '/v1/refresh'),
      () => agent.call('adminSocket', 'POST', '/v1/activate'),
      byFile,
    ][cycle % 3];
    const done = orKilled(
      Promise.resolve(work?.()).catch((thrown: unknown) => {
        // The first ones come before there is anything to refresh.
        if (!(thrown instanceof LicenseError && thrown.code === 'unlicensed')) throw thrown;
      }),
    );
    await pause(random() * 60);
    await agent.kill();
    await done;
  }
  await agent.start();
  expect(await agent.status()).toMatchObject({ state: 'active', license });
  await agent.kill();
}

/** A session with a heartbeat every fifth of a second: what was answered is on the disk, and nothing twice. */
async function metered(server: TestServer): Promise<void> {
  const random = randomOf(2);
  const agent = await enrolledDevice(server, 'SN-METERED');
  await agent.start();
  await agent.device.checkUntil(0);
  await agent.kill();
  const { appId, purchase } = server.world;
  const seconds = () => {
    const store = AgentStore.openReadonly(join(agent.device.stateDir, 'agent.db'));
    const meter = store?.meters.of({ appId, pid: purchase.pid, licenseKey: 'SN-METERED' });
    store?.close();
    return meter?.seconds ?? 0;
  };
  let least = 0;
  let most = 0;
  for (let cycle = 0; cycle < METERED_KILLS; cycle += 1) {
    await agent.start();
    const { id } = await agent.call<SessionAnswer>('agentSocket', 'POST', '/v1/sessions', { media: 'video' });
    const began = performance.now();
    let beaten = began;
    const beat = async () => {
      for (;;) {
        await pause(200);
        await agent.call('agentSocket', 'POST', `/v1/sessions/${id}`);
        beaten = performance.now();
      }
    };
    const beats = orKilled(beat());
    await pause(800 + random() * 1200);
    await agent.kill();
    await beats;
    // Whole seconds of boot time: each session may lose or win one at either end.
    least += Math.max(0, Math.floor((beaten - began) / 1000) - 1);
    most += Math.ceil((performance.now() - began) / 1000) + 1;
    expect(seconds()).toBeGreaterThanOrEqual(least);
    expect(seconds()).toBeLessThanOrEqual(most);
  }
}

test('kill -9 in the middle of it, again and again: never unlicensed once licensed, never two licenses, no minute twice', async () => {
  const server = await TestServer.start();
  server.clock.run();
  await Promise.all([killed(server), metered(server)]);
  const [quota] = await server.store.reader.selectFrom('quota').select('used').execute();
  expect(quota?.used).toBe(2);
}, 240_000);
