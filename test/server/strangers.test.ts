import { describe, expect, test, vi } from 'vitest';
import type { Answer } from '#core/documents/answer.ts';
import { newId } from '#core/ids.ts';
import type { Problem } from '../../server-stub/http/problems.ts';
import { TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer } from '../support/server.ts';

const PROXIED = { env: { LICENSE_SERVER_TRUSTED_PROXIES: '127.0.0.1' } };

/** Well-formed, signed, under a key and an enrollment that nobody knows. */
async function strangersRequest(server: TestServer): Promise<string> {
  const { enrollment, ...rest } = await server.enrollment();
  return new TestDevice(server, { ...rest, enrollment: { ...enrollment, id: newId() } }, 'X').request();
}

async function sendAll(server: TestServer, requests: readonly string[], from = '192.0.2.1') {
  const response = await fetch(`${server.url}/v1/license-requests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
    body: JSON.stringify(requests),
  });
  const { status, headers } = response;
  return { status, retryAfter: headers.get('retry-after'), body: await response.json() };
}

/** What each of an array was refused for; `undefined` where it was not. */
const errorsOf = (body: unknown) => (body as Problem[]).map(({ error }) => error);

describe.each(ENGINES)('strangers in an array, store in %s', (engine) => {
  endClusterAfterAll();

  test('are looked up as a set, not one by one', async () => {
    const server = await TestServer.start({ engine });
    const array = Array<string>(1000).fill(await strangersRequest(server));
    const queries = vi.spyOn(server.store.reader.getExecutor(), 'executeQuery');
    const { status, body } = await sendAll(server, array);
    expect([status, errorsOf(body)[0]]).toEqual([200, 'enrollment_rejected']);
    expect(queries.mock.calls.length).toBeGreaterThan(0);
    expect(queries.mock.calls.length).toBeLessThan(60);
  });

  test('too many from one address are told to come later; who is known or proven there is served', async () => {
    const server = await TestServer.start({ engine, ...PROXIED });
    const enrollment = await server.enrollment();
    const known = new TestDevice(server, enrollment, 'SN-1');
    await known.ask();
    const newcomer = new TestDevice(server, enrollment, 'SN-2');
    const revoked = await server.enrollment({ expiresAt: server.world.now - 1 });
    const array = [
      ...Array<string>(900).fill(await strangersRequest(server)),
      'garbage',
      await known.request({ purpose: 'refresh' }),
      await newcomer.request(),
      await new TestDevice(server, revoked, 'SN-3').request(),
    ];
    const { status, body } = await sendAll(server, array);
    const errors = errorsOf(body);
    expect([status, errors[0], errors.includes('rate_limited')]).toEqual([200, 'enrollment_rejected', true]);
    const [refresh, activation] = (body as Answer[]).slice(901);
    expect((await known.verify(refresh as Answer)).kind).toBe('token');
    expect((await newcomer.verify(activation as Answer)).kind).toBe('token');
    expect(errors.at(-1)).toMatch(/rate_limited|enrollment_rejected/);

    // An array of nobody else is then refused whole; the address next door is not concerned.
    const strangers = array.slice(0, 900);
    let refused = await sendAll(server, strangers);
    while (refused.status !== 429) refused = await sendAll(server, strangers);
    expect(refused).toMatchObject({ retryAfter: '1', body: { error: 'rate_limited' } });
    expect(errorsOf((await sendAll(server, strangers.slice(0, 1), '198.51.100.1')).body)).toEqual([
      'enrollment_rejected',
    ]);
  });

  test('a key is known to the company of its license alone', async () => {
    const server = await TestServer.start({ engine });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    const array = await Promise.all([
      device.request({ purpose: 'refresh' }),
      device.request({ purpose: 'refresh', appId: 'f'.repeat(32) }),
      device.request({ purpose: 'refresh', aud: newId() }),
    ]);
    expect(errorsOf((await sendAll(server, array)).body)).toEqual([
      undefined,
      'enrollment_rejected',
      'issuer_mismatch',
    ]);
  });
});

test('a device by itself is judged as one of an array is, however many strangers its address has', async () => {
  const server = await TestServer.start();
  const device = new TestDevice(server, await server.enrollment(), 'SN-1');
  const stranger = await strangersRequest(server);
  const [flood, asked] = await Promise.all([
    Promise.all(Array.from({ length: 300 }, () => device.send(stranger))),
    device.ask(),
  ]);
  expect(new Set(flood.map(({ status, body }) => `${status} ${body.error}`))).toEqual(
    new Set(['401 enrollment_rejected']),
  );
  expect(asked.kind).toBe('token');
});
