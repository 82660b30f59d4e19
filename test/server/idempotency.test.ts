import { describe, expect, test } from 'vitest';
import { createCredential } from '../../server-stub/licensing/credentials.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { passTime } from '../support/pass-time.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

const DAY = 86_400;

const keyed = (key: string) => ({ 'idempotency-key': key });
const activePath = ({ world }: TestServer, licenseKey: string, version = 'v2') =>
  `/dabiz/license/${version}/active?pid=${world.purchase.pid}&licenseKey=${licenseKey}&appid=${world.appId}`;

describe.each(ENGINES)('an Idempotency-Key, store in %s', (engine) => {
  test('gives the same answer to the same call, under every version and in any order of parameters', async () => {
    const server = await TestServer.start({ engine });
    const { appId, purchase } = server.world;
    const first = await server.call('POST', activePath(server, 'SN-1'), keyed('k'));
    const other = `/dabiz/license/v1/active?appid=${appId}&licenseKey=SN-1&unknown=1&pid=${purchase.pid}`;
    const again = await server.call('POST', other, keyed('k'));
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
  });

  test('refuses other parameters, and does nothing', async () => {
    const server = await TestServer.start({ engine });
    await server.call('POST', activePath(server, 'SN-1'), keyed('k'));
    const { status, body } = await server.call('POST', activePath(server, 'SN-2'), keyed('k'));
    expect([status, body.error]).toEqual([400, 'idempotency_conflict']);
    expect((await server.detail('SN-2')).body.error).toBe('unknown_license');
  });

  test('of calls that come at once the first is carried out; a toggle flips once', async () => {
    const server = await TestServer.start({ engine });
    const path = `/dabiz/license/v2/vendor/pad/switch?appid=${server.world.appId}`;
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => server.call('POST', path, keyed('flip'))),
    );
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const without = await server.call('POST', path);
    expect((without.body.data as unknown as { enabled: boolean }).enabled).toBe(false);
    // Different calls under one key, at once: one is carried out, the others conflict.
    const different = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        server.call('POST', activePath(server, `SN-${index}`), keyed('x')),
      ),
    );
    const outcomes = Object.groupBy(different, ({ body }) => body.error ?? 'ok');
    expect([outcomes['ok']?.length, outcomes['idempotency_conflict']?.length]).toEqual([1, 9]);
  });

  test('keeps a refusal too; after a day the call is made anew', async () => {
    const server = await TestServer.start({ engine, lines: ({ purchase }) => [{ ...purchase, count: 1 }] });
    await server.activate('SN-0');
    const refused = await server.call('POST', activePath(server, 'SN-1'), keyed('k'));
    expect(refused.body.error).toBe('quota_exhausted');
    await server.store.write(server.clock.now(), async ({ db }) => {
      await db.updateTable('quota').set({ granted: 2 }).execute();
      await db.updateTable('terms').set({ count: 2 }).execute();
    });
    server.clock.time += DAY - 1;
    const kept = await server.call('POST', activePath(server, 'SN-1'), keyed('k'));
    expect(kept.body).toEqual({ ...refused.body, requestId: kept.body.requestId });
    server.clock.time += 1;
    expect((await server.call('POST', activePath(server, 'SN-1'), keyed('k'))).status).toBe(200);
    // And the new answer takes the old one's place.
    const again = await server.call('POST', activePath(server, 'SN-1'), keyed('k'));
    expect(again.status).toBe(200);
    const other = await server.call('POST', activePath(server, 'SN-2'), keyed('k'));
    expect(other.body.error).toBe('idempotency_conflict');
  });

  test('is not used up by 401, 429 and 5xx', async () => {
    const server = await TestServer.start({ engine, rateLimitPerSecond: 2 });
    const path = activePath(server, 'SN-1');
    const stranger = await server.call('POST', path, { ...keyed('k'), authorization: 'Basic eDp5' });
    expect(stranger.status).toBe(401);
    const { time } = server.clock;
    server.clock.time = time + 4 * 365 * DAY;
    expect((await server.call('POST', path, keyed('k'))).status).toBe(503);
    server.clock.time = time;
    const flood = await Promise.all(Array.from({ length: 8 }, () => server.call('POST', path)));
    expect(flood.some(({ status }) => status === 429)).toBe(true);
    passTime(1100);
    expect((await server.call('POST', path, keyed('k'))).status).toBe(200);
  });

  test('belongs to a company and to a call', async () => {
    const server = await TestServer.start({ engine });
    const other = await secondCompany(server);
    const pair = await server.store.write(server.clock.now(), (trx) =>
      createCredential(trx, other.cid, 'full', 'operator:test'),
    );
    const query = new URLSearchParams({ pid: other.purchase.pid, licenseKey: 'SN-1', appid: other.appId });
    const mine = await server.call('POST', activePath(server, 'SN-1'), keyed('k'));
    const theirs = await server
      .clientWith(pair)
      .call('POST', `/dabiz/license/v2/active?${query}`, keyed('k'));
    expect([mine.status, theirs.status]).toEqual([200, 200]);
    expect(theirs.body.data.license).not.toBe(mine.body.data.license);
    const renewal = `/dabiz/license/v2/renew?appid=${server.world.appId}&renewId=${server.world.renewal.renewId}&license=${mine.body.data.license}`;
    expect((await server.call('POST', renewal, keyed('k'))).status).toBe(200);
    const renewed = await server.call('POST', renewal, keyed('k'));
    expect(renewed.status).toBe(200);
    const used = await server.store.reader
      .selectFrom('terms')
      .select('used')
      .where('kind', '=', 'renewal')
      .where('cid', '=', server.world.cid)
      .execute();
    expect(used).toEqual([{ used: 1 }]);
  });

  test('outlives the server', async () => {
    const server = await TestServer.start({ engine });
    const first = await server.call('POST', activePath(server, 'SN-1'), keyed('k'));
    await server.stop();
    const again = await TestServer.start({ engine, folder: server.folder });
    const same = await again.call('POST', activePath(again, 'SN-1'), keyed('k'));
    expect(same.body).toEqual(first.body);
    const other = await again.call('POST', activePath(again, 'SN-2'), keyed('k'));
    expect(other.body.error).toBe('idempotency_conflict');
  });

  test('is visible ASCII of at most 255 characters', async () => {
    const server = await TestServer.start({ engine });
    for (const key of ['', 'a b', 'x'.repeat(256), 'é']) {
      const { status, body } = await server.call('POST', activePath(server, 'SN-1'), keyed(key));
      expect([key, status, body.error]).toEqual([key, 400, 'parameter_invalid']);
    }
    expect((await server.call('POST', activePath(server, 'SN-1'), keyed('x'.repeat(255)))).status).toBe(200);
  });

  test('holds for a thousand calls in one transaction', async () => {
    const server = await TestServer.start({ engine, lines: ({ purchase }) => [{ ...purchase, count: 300 }] });
    const call = (index: number) =>
      server.call('POST', activePath(server, `SN-${index}`), keyed(`k-${index}`));
    const all = () => Promise.all(Array.from({ length: 300 }, (_, index) => call(index)));
    const first = await all();
    expect(first.every(({ status }) => status === 200)).toBe(true);
    expect((await all()).map(({ body }) => body)).toEqual(first.map(({ body }) => body));
  });
});
