import { describe, expect, test, vi } from 'vitest';
import { openSqlite } from '#core/host/sqlite.ts';
import type { SessionAnswer } from '../../agent/client/local-answers.ts';
import { codeOf } from '../support/forge.ts';
import { VIDEO_SKU, World } from '../support/world.ts';
import { call, post, startAgent, until } from './running-agent.ts';
import { DAY, HOUR } from './support.ts';

const MINUTE = 60;

async function metered(sku: Partial<typeof VIDEO_SKU> = { minutes: 10 }) {
  const agent = await startAgent({ world: new World({ sku: { ...VIDEO_SKU, ...sku } }) });
  await until(agent.client, 'active');
  const { daemon } = agent;
  const open = (media = 'video', daemonNow = daemon): Promise<SessionAnswer> =>
    call(daemonNow, 'POST', '/v1/sessions', { body: { media } });
  const beat = (id: string | null, daemonNow = daemon): Promise<SessionAnswer> =>
    call(daemonNow, 'POST', `/v1/sessions/${id}`);
  const end = (id: string | null): Promise<SessionAnswer> => call(daemon, 'DELETE', `/v1/sessions/${id}`);
  const used = async () => (await agent.client.status()).minutes?.used;
  return { ...agent, open, beat, end, used };
}

describe('sessions', () => {
  test('count minutes from heartbeat to heartbeat, until none are left: reason 3, and the session is over', async () => {
    const { clock, open, beat, used, client } = await metered();
    const session = await open();
    expect(session).toMatchObject({ allowed: true, reason: 0, heartbeatSeconds: 60, media: 'video' });
    for (let minute = 1; minute < 10; minute += 1) {
      clock.pass(MINUTE);
      expect(await beat(session.id)).toMatchObject({ id: session.id, allowed: true });
      expect(await used()).toBe(minute);
    }
    clock.pass(MINUTE);
    expect(await beat(session.id)).toMatchObject({
      id: null,
      allowed: false,
      reason: 3,
      because: 'minutes_exceeded',
    });
    expect(await open('audio')).toMatchObject({ id: null, allowed: false, reason: 3 });
    expect(await codeOf(() => beat(session.id))).toBe('unknown_session');
    expect(await client.status()).toMatchObject({
      state: 'active',
      minutes: { allowed: 10, used: 10 },
      sessions: 0,
    });
  });

  test('that a meter was set back for are counted on from what the server knows', async () => {
    const { clock, open, beat, used, folder, server, daemon } = await metered({ minutes: 100 });
    const session = await open();
    clock.pass(2 * MINUTE);
    await beat(session.id);
    clock.pass(MINUTE);
    await beat(session.id);
    expect(await used()).toBe(3);
    const database = openSqlite(folder.store);
    database.prepare('UPDATE meter SET seconds = 60').run();
    database.close();
    server.token = { minutes: { allowed: 100, own: 3, others: 0 } };
    await post(daemon, '/v1/refresh');
    clock.pass(MINUTE);
    await beat(session.id);
    expect(await used()).toBe(4);
  });

  test('that run beside each other count once', async () => {
    const { clock, open, beat, end, used } = await metered({ minutes: 100 });
    const [one, two] = [await open('video'), await open('audio')];
    clock.pass(MINUTE);
    await beat(two.id);
    clock.pass(MINUTE);
    await end(one.id);
    expect(await used()).toBe(2);
    clock.pass(MINUTE);
    await end(two.id);
    expect(await used()).toBe(3);
  });

  test('that were not heard of for two and a half minutes are over, and not a second earlier', async () => {
    const { clock, open, beat, client } = await metered({ minutes: 100 });
    const session = await open();
    clock.pass(150);
    expect(await beat(session.id)).toMatchObject({ id: session.id });
    clock.pass(151);
    expect((await client.status()).sessions).toBe(0);
    expect(await codeOf(() => beat(session.id))).toBe('unknown_session');
  });

  test('of an application that fell silent count to its last heartbeat, and are over', async () => {
    const { clock, open, beat, used, client } = await metered({ minutes: 100 });
    const { id } = await open();
    clock.pass(MINUTE);
    await beat(id);
    clock.pass(HOUR);
    expect(await codeOf(() => beat(id))).toBe('unknown_session');
    expect(await used()).toBe(1);
    expect((await client.status()).sessions).toBe(0);
  });

  test('outside of the usage period do not begin, and end: reason 4', async () => {
    // NOW is 08:00 in Shanghai.
    const { clock, open, beat } = await metered({ minutes: 0, period: '08:00~08:01' });
    const { id } = await open();
    clock.pass(MINUTE);
    expect(await beat(id)).toMatchObject({ id, allowed: true });
    clock.pass(MINUTE);
    expect(await beat(id)).toMatchObject({ id: null, allowed: false, reason: 4, because: 'outside_period' });
    expect(await open()).toMatchObject({ id: null, reason: 4 });
    clock.pass(DAY - 2 * MINUTE);
    expect(await open()).toMatchObject({ allowed: true });
  });

  test('of a medium that was not bought do not begin', async () => {
    const { open } = await metered({ mediaType: 1 });
    expect(await open('video')).toMatchObject({ id: null, allowed: false, because: 'media_not_licensed' });
    expect((await open('audio')).allowed).toBe(true);
  });

  test('ask for what they need', async () => {
    const { daemon } = await metered();
    for (const body of [{}, { media: 'smell' }, { media: 'video', licenseKey: '' }])
      expect(await codeOf(() => call(daemon, 'POST', '/v1/sessions', { body }))).toBe('body_malformed');
    const other = { media: 'video', licenseKey: 'SN-OTHER' };
    expect(await codeOf(() => call(daemon, 'POST', '/v1/sessions', { body: other }))).toBe('not_held');
    expect(await codeOf(() => call(daemon, 'POST', '/v1/sessions/NONE'))).toBe('unknown_session');
  });
});

test('an agent that counts 20,000 sessions begins no more', async () => {
  const { daemon, open } = await metered();
  const check = vi.spyOn(daemon.service, 'check').mockResolvedValue({ allowed: true } as never);
  await Promise.all(Array.from({ length: 20_000 }, () => daemon.meter.open('SN-0001', 'video')));
  expect(await codeOf(open)).toBe('too_many_sessions');
  check.mockRestore();
});

describe('the meter', () => {
  test('is reported with each request as a running total under an id of its own', async () => {
    const { clock, daemon, open, beat, server } = await metered({ minutes: 100 });
    const { id } = await open();
    for (let minute = 0; minute < 3; minute += 1) {
      clock.pass(MINUTE);
      await beat(id);
    }
    await post(daemon, '/v1/refresh');
    clock.pass(MINUTE);
    await beat(id);
    await post(daemon, '/v1/refresh');
    const [first, second] = server.requests.slice(-2).map(({ usage }) => usage ?? {});
    expect(Object.values(first ?? {})).toEqual([3]);
    expect(Object.values(second ?? {})).toEqual([4]);
    expect(Object.keys(first ?? {})).toEqual(Object.keys(second ?? {}));
  });

  test('goes on after a restart; what others used before counts too', async () => {
    const { clock, daemon, open, beat, run, server } = await metered({ minutes: 100 });
    const { id } = await open();
    clock.pass(MINUTE);
    await beat(id);
    await daemon.close();
    const again = await run();
    expect((await again.client.status()).minutes).toEqual({ allowed: 100, used: 1 });
    expect(await codeOf(() => beat(id, again.daemon))).toBe('unknown_session');
    const next = await open('video', again.daemon);
    clock.pass(MINUTE);
    await beat(next.id, again.daemon);
    server.token = { minutes: { allowed: 100, own: 2, others: 30 } };
    await post(again.daemon, '/v1/refresh');
    expect((await again.client.status()).minutes).toEqual({ allowed: 100, used: 32 });
  });

  test('of many heartbeats in one moment is written once', async () => {
    const { clock, open, beat, daemon, used } = await metered({ minutes: 100 });
    const sessions = await Promise.all(Array.from({ length: 20 }, () => open()));
    clock.pass(MINUTE);
    const add = vi.spyOn(daemon.service.licenses.totals, 'add');
    await Promise.all(sessions.map(({ id }) => beat(id)));
    expect(await used()).toBe(1);
    expect(add.mock.calls.length).toBeLessThan(20);
  });
});
