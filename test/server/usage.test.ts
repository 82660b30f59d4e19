import { describe, expect, test } from 'vitest';
import type { LicenseRequest } from '#core/documents/license-request.ts';
import { newId } from '#core/ids.ts';
import { usedMinutes } from '../../server-stub/licensing/usage.ts';
import { board, TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer } from '../support/server.ts';
import { NOW, VIDEO_SKU } from '../support/world.ts';

endClusterAfterAll();

const DAY = 86_400;
const DAY_MINUTES = 1440;
const METERED = { world: { sku: { ...VIDEO_SKU, minutes: 1000 } } };

async function minutes(device: TestDevice, overrides: Partial<LicenseRequest>) {
  const answer = await device.ask({ purpose: 'refresh', ...overrides });
  if (answer.kind === 'token') return answer.token.minutes;
  return answer.kind === 'denial' ? answer.denial.code : answer.kind;
}

async function stored(server: TestServer): Promise<number[]> {
  const rows = await server.store.reader.selectFrom('usage_total').select('minutes').execute();
  return rows.map((row) => row.minutes).toSorted((one, other) => other - one);
}

async function reported(server: TestServer): Promise<[string, number][]> {
  const rows = await usedMinutes(server.store.reader).execute();
  return rows.map(({ license, minutes: sum }) => [license, Number(sum)]);
}

async function notesOf(server: TestServer) {
  const rows = await server.store.reader
    .selectFrom('audit')
    .select(['subject', 'at', 'detail'])
    .where('action', '=', 'license.usage_implausible')
    .orderBy('seq')
    .execute();
  return rows.map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) }));
}

describe.each(ENGINES)('used minutes, store in %s', (engine) => {
  test('of a meter the highest counts; a device sees its own meter apart from all others', async () => {
    const server = await TestServer.start({ engine, ...METERED });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const [first, second] = [newId(), newId()];
    const activated = await device.ask({ usage: { [first]: 10 } });
    expect(activated).toMatchObject({ token: { minutes: { allowed: 1000, own: 10, others: 0 } } });
    expect(await minutes(device, { usage: { [first]: 30 } })).toEqual({ allowed: 1000, own: 30, others: 0 });
    expect(await minutes(device, { usage: { [first]: 20 } })).toEqual({ allowed: 1000, own: 30, others: 0 });
    // A lost store: a new meter begins at nothing.
    expect(await minutes(device, { usage: { [second]: 5 } })).toEqual({ allowed: 1000, own: 5, others: 30 });
    expect(await minutes(device, { usage: { [first]: 31, [second]: 0 } })).toMatchObject({
      own: 36,
      others: 0,
    });
    expect(await minutes(device, {})).toMatchObject({ own: 0, others: 36 });
    const license = activated.kind === 'token' ? activated.token.license : '';
    expect(await reported(server)).toEqual([[license, 36]]);
  });

  test('neither a transfer nor a release resets them, and the last report of the old device counts', async () => {
    const server = await TestServer.start({ engine, ...METERED });
    const enrollment = await server.enrollment();
    const device = new TestDevice(server, enrollment, 'SN-1');
    const meter = newId();
    await device.ask({ usage: { [meter]: 10 } });
    await device.ask({ purpose: 'release', usage: { [meter]: 15 } });
    await device.ask({ automatic: false });
    await device.ask({ purpose: 'transfer', toLicenseKey: 'SN-2', usage: { [meter]: 40 } });
    // It holds the license no more: what it says now would be against another.
    await device.ask({ purpose: 'refresh', usage: { [meter]: 999 } });
    const target = new TestDevice(server, enrollment, 'SN-2');
    expect(await target.ask({ usage: { [newId()]: 1 } })).toMatchObject({
      token: { minutes: { own: 1, others: 40 } },
    });
  });

  test('a stranger, a clone and an earlier device report nothing', async () => {
    const server = await TestServer.start({ engine, ...METERED });
    const enrollment = await server.enrollment();
    const device = new TestDevice(server, enrollment, 'SN-1');
    await device.ask();
    const next = new TestDevice(server, enrollment, 'SN-1');
    await next.ask();
    const usage = { [newId()]: 500 };
    const stranger = new TestDevice(server, enrollment, 'SN-1', board('z'));
    const clone = new TestDevice(server, enrollment, 'SN-1', board('z'), next.key);
    expect(await minutes(device, { usage })).toBe('different_device');
    expect(await stranger.ask({ usage })).toMatchObject({ denial: { code: 'different_device' } });
    expect(await minutes(clone, { usage })).toBe('different_device');
    expect(await stored(server)).toEqual([]);
  });

  test('however many meters a device invents, 64 rows are kept and no minute is lost', async () => {
    const server = await TestServer.start({ engine, ...METERED });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const meters = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [newId(), from + index]));
    const first = meters(1, 200);
    expect(await device.ask({ usage: first })).toMatchObject({
      token: { minutes: { own: (200 * 201) / 2, others: 0 } },
    });
    expect(await stored(server)).toHaveLength(64);
    await minutes(device, { usage: meters(1, 100) });
    const rows = await stored(server);
    expect(rows).toHaveLength(64);
    expect(rows.reduce((sum, row) => sum + row, 0)).toBe(20_100 + 5050);
    // The largest are kept apart.
    expect(rows[1]).toBe(200);
    const [largest = ''] = Object.entries(first).findLast(([, value]) => value === 200) ?? [];
    expect(await minutes(device, { usage: { [largest]: 0 } })).toMatchObject({ own: 200, others: 24_950 });
  });

  test('no device counts more than time has passed, however many meters it invents', async () => {
    const server = await TestServer.start({ engine, ...METERED });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const [honest, liar] = [newId(), newId()];
    // A day more than was possible is left for clocks that disagree.
    expect(await device.ask({ usage: { [liar]: 1_000_000_000 } })).toMatchObject({
      token: { minutes: { own: DAY_MINUTES, others: 0 } },
    });
    server.clock.time += 2 * DAY;
    const usage = { [honest]: 2 * DAY_MINUTES, [liar]: 1_000_000_000 };
    expect(await minutes(device, { usage })).toMatchObject({ own: 5 * DAY_MINUTES });
    const lies = () => Object.fromEntries(Array.from({ length: 200 }, () => [newId(), 1_000_000_000]));
    for (let request = 0; request < 5; request += 1) await minutes(device, { usage: lies() });
    const [[, sum] = ['', 0]] = await reported(server);
    expect(sum).toBe(64 * 3 * DAY_MINUTES);
    const rows = await server.store.reader.selectFrom('usage_minutes').select('minutes').execute();
    expect(rows.reduce((all, row) => all + row.minutes, 0)).toBe(sum);
  });

  test('a device that says more than time allows is noted once a day, an honest one never', async () => {
    const server = await TestServer.start({ engine, ...METERED });
    const enrollment = await server.enrollment();
    const [honest, liar] = [
      new TestDevice(server, enrollment, 'SN-1'),
      new TestDevice(server, enrollment, 'SN-2'),
    ];
    const [meter, notes] = [newId(), () => notesOf(server)];
    await honest.ask({ usage: { [meter]: 10 } });
    await liar.ask({ usage: { [meter]: 10 } });
    expect(await notes()).toEqual([]);
    for (const at of [0, DAY / 2, DAY, DAY + 1]) {
      server.clock.time = NOW + at;
      await minutes(honest, { usage: { [meter]: 10 + Math.floor(at / 60) } });
      await minutes(liar, { usage: { [meter]: 500_000_000 } });
    }
    const [license] = (await reported(server)).toSorted(([, one], [, other]) => other - one)[0] ?? [];
    expect(await notes()).toMatchObject([
      { subject: license, at: NOW, detail: { licenseKey: 'SN-2', reported: 500_000_000, counted: 1440 } },
      { subject: license, at: NOW + DAY, detail: { counted: 2 * DAY_MINUTES } },
    ]);
  });

  test('minutes that stand near the end of all numbers stop no device', async () => {
    const server = await TestServer.start({ engine, ...METERED });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask({ usage: { [newId()]: 10 } });
    const most = 9_223_372_036_854_775_000n as unknown as number;
    await server.store.write(NOW, ({ db }) =>
      db.updateTable('usage_minutes').set({ minutes: most }).execute(),
    );
    expect(await minutes(device, { usage: { [newId()]: 1000 } })).toMatchObject({ own: 1000 });
  });

  test('reports of many devices in one batch are kept apart', async () => {
    const server = await TestServer.start({ engine, ...METERED });
    const enrollment = await server.enrollment();
    const devices = Array.from(
      { length: 20 },
      (_, index) => new TestDevice(server, enrollment, `SN-${index}`),
    );
    const meter = newId();
    await Promise.all(devices.map((device, index) => device.ask({ usage: { [meter]: index } })));
    const shown = await Promise.all(devices.map((device) => minutes(device, { usage: { [meter]: 0 } })));
    expect(shown).toEqual(devices.map((_, index) => ({ allowed: 1000, own: index, others: 0 })));
  });
});
