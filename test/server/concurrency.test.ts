import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newId } from '#core/ids.ts';
import { LEASE_SECONDS } from '../../server-stub/licensing/concurrency.ts';
import { TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer, type TestServerOptions } from '../support/server.ts';

endClusterAfterAll();

async function capped(
  engine: (typeof ENGINES)[number],
  pcu: number | undefined,
  options: TestServerOptions = {},
) {
  const server = await TestServer.start({
    engine,
    lines: ({ purchase }) => [{ ...purchase, count: 20, ...(pcu !== undefined && { pcu }) }],
    ...options,
  });
  const enrollment = await server.enrollment();
  const device = async (licenseKey: string) => {
    const made = new TestDevice(server, enrollment, licenseKey);
    const activated = await made.ask();
    if (activated.kind !== 'token') throw new Error('expected a token');
    return { made, pcu: activated.token.pcu };
  };
  /** Sessions that were leased, or the code of why none were. */
  const lease = async (device: TestDevice, sessions: number) => {
    const answer = await device.ask({ purpose: 'lease', sessions });
    if (answer.kind === 'lease') return answer.lease.sessions;
    return answer.kind === 'denial' ? answer.denial.code : answer.kind;
  };
  return { server, device, lease };
}

describe.each(ENGINES)('sessions at the same time, store in %s', (engine) => {
  test('never exceed what was bought, and are given back, or free by themselves after the lease', async () => {
    const { server, device, lease } = await capped(engine, 3);
    const [one, two] = [(await device('SN-1')).made, (await device('SN-2')).made];
    expect((await device('SN-3')).pcu).toBe(3);
    expect(await lease(one, 2)).toBe(2);
    expect(await lease(two, 2)).toBe('concurrency_exhausted');
    expect(await lease(two, 1)).toBe(1);
    expect(await lease(one, 2)).toBe(2);
    expect(await lease(one, 0)).toBe(0);
    expect(await lease(two, 3)).toBe(3);
    expect(await lease(one, 1)).toBe('concurrency_exhausted');
    server.clock.time += LEASE_SECONDS + 1;
    expect(await lease(one, 3)).toBe(3);
  });

  test('of a PID are not capped where any line of it is not', async () => {
    const { device, lease, server } = await capped(engine, undefined, {
      lines: ({ purchase }) => [
        { ...purchase, count: 5, pcu: 1 },
        { ...purchase, termsId: newId(), count: 5 },
      ],
    });
    const { made, pcu } = await device('SN-1');
    expect(pcu).toBeUndefined();
    expect(await lease(made, 100)).toBe(100);
    const rows = await server.store.reader.selectFrom('concurrency_lease').selectAll().execute();
    expect(rows).toMatchObject([{ sessions: 100 }]);
  });

  test('of a PID are the sum of its lines, and beside that those of the App', async () => {
    const { server, device, lease } = await capped(engine, undefined, {
      lines: ({ purchase }) => [
        { ...purchase, count: 5, pcu: 3 },
        { ...purchase, termsId: newId(), count: 5, pcu: 4 },
      ],
    });
    const { made, pcu } = await device('SN-1');
    expect(pcu).toBe(7);
    expect(await lease(made, 8)).toBe('concurrency_exhausted');
    expect(await lease(made, 7)).toBe(7);
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('app').set({ pcu: 2 }).where('app_id', '=', server.world.appId).execute(),
    );
    // As many as run go on; more do not begin.
    expect(await lease(made, 7)).toBe(7);
    expect(await lease(made, 1)).toBe(1);
    expect(await lease(made, 3)).toBe('concurrency_exhausted');
    expect((await device('SN-2')).pcu).toBe(2);
  });

  test('are not lowered by a request that was overtaken', async () => {
    const { device, lease } = await capped(engine, 5);
    const { made } = await device('SN-1');
    const late = await made.request({ purpose: 'lease', sessions: 1 });
    expect(await lease(made, 3)).toBe(3);
    const answer = await made.verify((await made.send(late)).body);
    expect(answer.kind === 'lease' && answer.lease.sessions).toBe(3);
  });

  test('are leased to the key that holds the license alone, and while it may be used', async () => {
    const { server, device, lease } = await capped(engine, 3);
    const { made } = await device('SN-1');
    const stranger = new TestDevice(server, made.enrollment, 'SN-1');
    const refused = await stranger.send(await stranger.request({ purpose: 'lease', sessions: 1 }));
    expect(refused.status).toBe(401);
    server.clock.time += 366 * 86_400;
    expect(await lease(made, 1)).toBe('license_expired');
  });

  test('in any order of leases, returns and ends equal the model', async () => {
    const { server, device, lease } = await capped(engine, 5);
    const devices: TestDevice[] = [];
    for (const key of ['A', 'B', 'C', 'D']) devices.push((await device(key)).made);
    const held = new Map<TestDevice, { sessions: number; until: number }>();
    const used = (except: TestDevice) =>
      [...held].reduce(
        (sum, [of, { sessions, until }]) =>
          of !== except && until > server.clock.time ? sum + sessions : sum,
        0,
      );
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(fc.nat(3), fc.nat(6)) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 700 }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 25 }), async (steps) => {
        for (const each of steps) {
          if (typeof each === 'number') {
            server.clock.time += each;
            continue;
          }
          const [index, sessions] = each;
          const asking = devices[index] ?? expect.unreachable();
          const now = held.get(asking);
          const before = now !== undefined && now.until > server.clock.time ? now.sessions : 0;
          const fits = sessions <= before || used(asking) + sessions <= 5;
          expect(await lease(asking, sessions)).toBe(fits ? sessions : 'concurrency_exhausted');
          if (fits) held.set(asking, { sessions, until: server.clock.time + LEASE_SECONDS });
        }
      }),
      { numRuns: 8 },
    );
  });
});
