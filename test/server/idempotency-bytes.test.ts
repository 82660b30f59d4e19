import { describe, expect, test } from 'vitest';
import { forget } from '../../server-stub/licensing/forget.ts';
import { BYTES_A_DAY } from '../../server-stub/licensing/idempotency-bytes.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

const HOUR = 3600;
const keyed = (key: string) => ({ 'idempotency-key': key });
const activePath = ({ world }: TestServer, licenseKey: string) =>
  `/dabiz/license/v2/active?pid=${world.purchase.pid}&licenseKey=${licenseKey}&appid=${world.appId}`;
const batchPath = ({ world }: TestServer) => `/dabiz/license/v2/active/batch?appid=${world.appId}`;

/** What is stored of all replies, and what of it was counted. */
async function kept({ store: { reader } }: TestServer): Promise<{ bytes: number; counted: number }> {
  const replies = await reader.selectFrom('idempotency').select('reply').execute();
  const counts = await reader.selectFrom('idempotency_bytes').select('bytes').execute();
  return {
    bytes: replies.reduce((sum, { reply }) => sum + Buffer.byteLength(reply), 0),
    counted: counts.reduce((sum, { bytes }) => sum + Number(bytes), 0),
  };
}

/** As if so many bytes of replies had been stored in this hour. */
async function fill(server: TestServer, bytes: number): Promise<void> {
  const hour = Math.floor(server.clock.now() / HOUR);
  await server.store.write(server.clock.now(), ({ db }) =>
    db.insertInto('idempotency_bytes').values({ cid: server.world.cid, hour, bytes }).execute(),
  );
}

describe.each(ENGINES)('what an Idempotency-Key costs in the store, %s', (engine) => {
  test('a thousand keys that are none are not stored with their texts, and come back with them', async () => {
    const server = await TestServer.start({ engine });
    const { pid } = server.world.purchase;
    const licenseKeys = Array.from({ length: 1000 }, (_, index) => `${index}-`.padEnd(990, 'x'));
    const first = await server.post(batchPath(server), { pid, licenseKeys }, keyed('k'));
    const again = await server.post(batchPath(server), { pid, licenseKeys }, keyed('k'));
    expect(again.body).toEqual(first.body);
    const answers = again.body.data as unknown as { licenseKey: string; error: string }[];
    expect(answers.map(({ licenseKey }) => licenseKey)).toEqual(licenseKeys);
    expect(new Set(answers.map(({ error }) => error))).toEqual(new Set(['license_key_invalid']));
    const { bytes, counted } = await kept(server);
    expect(bytes).toBeLessThan(64 * 1024);
    expect(counted).toBeGreaterThanOrEqual(bytes);
  });

  test('beyond the bytes of a day a call under a new key is refused before it is carried out', async () => {
    const server = await TestServer.start({ engine });
    const before = await server.call('POST', activePath(server, 'SN-1'), keyed('k1'));
    server.clock.time = (Math.floor(server.clock.now() / HOUR) + 1) * HOUR + 60;
    await fill(server, BYTES_A_DAY);
    const { status, body, headers } = await server.call('POST', activePath(server, 'SN-2'), keyed('k2'));
    expect([status, body.code, body.error]).toEqual([429, 429, 'idempotency_full']);
    expect(headers.get('retry-after')).toBe(String(HOUR - 60));
    expect((await server.detail('SN-2')).body.error).toBe('unknown_license');
    // What was stored is still given, a key that was used still conflicts, and no key is needed to activate.
    expect((await server.call('POST', activePath(server, 'SN-1'), keyed('k1'))).body).toEqual(before.body);
    const other = await server.call('POST', activePath(server, 'SN-3'), keyed('k1'));
    expect(other.body.error).toBe('idempotency_conflict');
    expect((await server.activate('SN-2')).status).toBe(200);
    // A day later there is room again, and the refusal was not kept under its key.
    server.clock.time += 25 * HOUR;
    expect((await server.call('POST', activePath(server, 'SN-4'), keyed('k2'))).status).toBe(200);
  });

  test('calls of one transaction are counted together, and old counts are cleared away', async () => {
    const server = await TestServer.start({ engine });
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        server.call('POST', activePath(server, `SN-${index}`), keyed(`k-${index}`)),
      ),
    );
    const { bytes, counted } = await kept(server);
    expect(counted).toBeGreaterThan(bytes);
    server.clock.time += 26 * HOUR;
    await server.activate('SN-1');
    await server.activate('SN-new');
    await forget(server.store, server.clock.now());
    expect(await kept(server)).toEqual({ bytes: 0, counted: 0 });
  });
});
