import { request } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Daemon } from '../../agent/daemon.ts';
import { codeOf } from '../support/forge.ts';
import { VIDEO_SKU, World } from '../support/world.ts';
import { call, post, startAgent, until } from './running-agent.ts';
import { DAY } from './support.ts';

interface Told {
  readonly event: string;
  readonly data: { readonly state: string; readonly licenseKey: string };
}

/** Listens as a program would: by HTTP on the socket. */
async function listen(daemon: Daemon): Promise<Told[]> {
  const told: Told[] = [];
  const call = request({ socketPath: daemon.sockets.agent, path: '/v1/events' });
  onTestFinished(() => void call.destroy());
  call.end();
  let text = '';
  let status: number | undefined;
  call.on('response', (response) => {
    status = response.statusCode;
    if (response.headers['content-type'] !== 'text/event-stream') return void response.resume();
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        told.push({ event, data: JSON.parse(data) });
      }
    });
    response.on('error', () => {});
  });
  call.on('error', () => {});
  await vi.waitFor(() => expect(status).toBeDefined());
  if (status !== 200) throw new Error(`HTTP ${status}`);
  await vi.waitFor(() => expect(told).toHaveLength(1));
  return told;
}

const states = (told: readonly Told[]) => told.map(({ data }) => data.state);

describe('the event stream', () => {
  test('tells the status at once, and each change after it', async () => {
    const { daemon, client, server } = await startAgent();
    await until(client, 'active');
    const told = await listen(daemon);
    server.misbehave = (asked) =>
      server.deny(asked, 'suspended', server.seats.get(asked.licenseKey)?.license);
    await post(daemon, '/v1/refresh').catch(() => {});
    await vi.waitFor(() => expect(states(told)).toEqual(['active', 'suspended']));
    server.misbehave = undefined;
    await post(daemon, '/v1/refresh');
    await vi.waitFor(() => expect(states(told)).toEqual(['active', 'suspended', 'active']));
    expect(told.map(({ event }) => event)).toEqual(['status', 'status', 'status']);
  });

  test('tells of licenses that are held for others by their LicenseKey', async () => {
    const { daemon, client } = await startAgent();
    await until(client, 'active');
    const told = await listen(daemon);
    await call(daemon, 'PUT', '/v1/licenses/CAM-1', { socket: 'admin' });
    await vi.waitFor(() =>
      expect(told.at(-1)).toMatchObject({ event: 'license', data: { licenseKey: 'CAM-1' } }),
    );
  });

  test('tells what time alone changes: the end of a state, and of a usage period', async () => {
    const world = new World({ sku: { ...VIDEO_SKU, period: '08:00~08:00' } });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { daemon, clock, client } = await startAgent({ world });
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(10);
      expect((await client.status()).state).toBe('active');
    });
    const told: object[] = [];
    const stop = await daemon.events.subscribe(({ data }) => told.push(data));
    clock.pass(60);
    await vi.advanceTimersByTimeAsync(60_000);
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(told[1]).toMatchObject({
      state: 'active',
      capabilities: { video: { because: 'outside_period' } },
    });
    stop();
    clock.pass(DAY);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(told).toHaveLength(2);
  });

  test('tells nothing twice, and says no to the hundred-and-first listener', async () => {
    const { daemon, client, clock } = await startAgent();
    await until(client, 'active');
    const told = await listen(daemon);
    daemon.service.licenses.announce([daemon.service.licenses.own]);
    clock.pass(1);
    daemon.service.licenses.announce([daemon.service.licenses.own]);
    await client.status();
    expect(told).toHaveLength(1);
    for (let listeners = 1; listeners < 100; listeners += 1) await listen(daemon);
    await expect(listen(daemon)).rejects.toThrow('HTTP 503');
    expect(await codeOf(() => call(daemon, 'GET', '/v1/events'))).toBe('too_many_streams');
    expect((await client.check('video')).allowed).toBe(true);
  });
});
