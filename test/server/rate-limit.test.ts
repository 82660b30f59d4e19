import { describe, expect, test } from 'vitest';
import { createCredential } from '../../server-stub/licensing/credentials.ts';
import { setRateLimit } from '../../server-stub/licensing/set-rate-limit.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import type { CallAnswer, OpenApiClient } from '../support/openapi-client.ts';
import { passTime, stopTime } from '../support/pass-time.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';

endClusterAfterAll();

const details = (client: OpenApiClient, count: number, version = 'v2') =>
  Promise.all(Array.from({ length: count }, () => client.detail('SN-1', { version })));
const limited = (answers: readonly CallAnswer[]) => answers.filter(({ status }) => status === 429).length;
/** Longer than a pair is believed without asking the store, and than calls are counted. */
const forgotten = () => passTime(1050);

describe.each(ENGINES)('the rate limit, store in %s', (engine) => {
  test('is counted for each endpoint, its versions together, and for each company', async () => {
    const server = await TestServer.start({ engine, rateLimitPerSecond: 20 });
    const other = await secondCompany(server);
    const pair = await server.store.write(server.clock.now(), (trx) =>
      createCredential(trx, other.cid, 'full', 'operator:test'),
    );
    const otherClient = server.clientWith(pair);
    stopTime();
    const [first, second, activations, others] = await Promise.all([
      details(server, 15, 'v1'),
      details(server, 15, 'v2'),
      Promise.all(Array.from({ length: 15 }, (_, index) => server.activate(`SN-${index}`))),
      details(otherClient, 15),
    ]);
    expect(limited([...first, ...second])).toBe(10);
    expect(limited(activations)).toBe(0);
    expect(limited(others)).toBe(0);
  });

  test('of a company goes before the configured one, and follows within a second', async () => {
    const server = await TestServer.start({ engine, rateLimitPerSecond: 5 });
    const { cid } = server.world;
    const set = (perSecond: number | null) =>
      server.store.write(server.clock.now(), (trx) => setRateLimit(trx, cid, perSecond, 'operator:test'));
    stopTime();
    expect(limited(await details(server, 40))).toBe(35);
    await set(0);
    forgotten();
    expect(limited(await details(server, 40))).toBe(0);
    await set(1);
    forgotten();
    const answers = await details(server, 40);
    expect(limited(answers)).toBe(39);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('retry-after')).toBe('1');
    expect(refused?.body).toEqual({
      code: 429,
      message: '请求过于频繁',
      error: 'rate_limited',
      requestId: expect.any(String),
    });
    await set(null);
    forgotten();
    expect(limited(await details(server, 40))).toBe(35);
    const actions = await server.store.reader
      .selectFrom('audit')
      .select('detail')
      .where('action', '=', 'company.rate_limit')
      .orderBy('seq')
      .execute();
    expect(actions.map(({ detail }) => JSON.parse(detail))).toEqual(
      [0, 1, null].map((rateLimitPerSecond) => ({ rateLimitPerSecond })),
    );
  });

  test('is not set for a company that is not there', async () => {
    const server = await TestServer.start({ engine });
    await throwsWithCode(
      server.store.write(server.clock.now(), (trx) => setRateLimit(trx, '1', 1, 'operator:test')),
      'unknown_company',
    );
  });
});
