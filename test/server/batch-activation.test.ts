import { describe, expect, test } from 'vitest';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { everything } from '../support/everything.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

interface KeyAnswer {
  readonly licenseKey: unknown;
  readonly code: number;
  readonly error?: string;
  readonly message?: string;
  readonly data?: { readonly license: string; readonly licenseKey: string };
}

async function batch(server: TestServer, body: unknown, headers: Record<string, string> = {}) {
  const path = `/dabiz/license/v2/active/batch?appid=${server.world.appId}`;
  const answer = await server.post(path, body, headers);
  return { ...answer, keys: answer.body.data as unknown as KeyAnswer[] };
}

const licenses = async (server: TestServer) =>
  (await server.store.reader.selectFrom('license').select('license_key').execute()).length;

describe.each(ENGINES)('batch activation, store in %s', (engine) => {
  test('answers each key in order; what is wrong with one is its own', async () => {
    const server = await TestServer.start({
      engine,
      lines: ({ purchase }) => [{ ...purchase, count: 3 }],
    });
    const { pid } = server.world.purchase;
    const first = await server.activate('SN-old');
    const sent = [
      'SN-1',
      'SN-old',
      '',
      'x'.repeat(129),
      7,
      null,
      { a: 1 },
      'a\u0007',
      'SN-2',
      'SN-1',
      'SN-3',
    ];
    const { status, body, keys } = await batch(server, { pid, licenseKeys: sent });
    expect([status, body.code]).toEqual([200, 200]);
    expect(keys.map(({ licenseKey }) => licenseKey)).toEqual(sent);
    const invalid = Array(6).fill('license_key_invalid');
    const outcomes = keys.map(({ code, error }) => (code === 200 ? 'ok' : error));
    expect(outcomes).toEqual(['ok', 'ok', ...invalid, 'ok', 'ok', 'quota_exhausted']);
    expect(keys[1]?.data).toEqual(first.body.data);
    expect(keys[9]?.data).toEqual(keys[0]?.data);
    expect(keys[10]).toEqual({
      licenseKey: 'SN-3',
      code: 400,
      error: 'quota_exhausted',
      message: `PID ${pid} 没有可供该 App 使用的许可证额度`,
    });
    expect(await licenses(server)).toBe(3);
  });

  test('takes a PID for each key as well', async () => {
    const server = await TestServer.start({ engine });
    const { pid } = server.world.purchase;
    const items = [
      { pid, licenseKey: 'SN-1' },
      { pid: 'F'.repeat(32), licenseKey: 'SN-2' },
      { licenseKey: 'SN-3' },
      { pid: 'x'.repeat(65), licenseKey: 'SN-4' },
      { pid: 7, licenseKey: 'SN-5' },
      { pid },
      'SN-6',
      null,
    ];
    const { keys } = await batch(server, { items }, { 'accept-language': 'en' });
    expect(keys.map(({ code, error }) => (code === 200 ? 'ok' : error))).toEqual([
      'ok',
      'unknown_pid',
      'parameter_missing',
      'parameter_invalid',
      'parameter_invalid',
      'license_key_invalid',
      'license_key_invalid',
      'license_key_invalid',
    ]);
    expect(keys[1]?.message).toBe(`PID ${'F'.repeat(32)} was not granted to this company`);
    const shared = await batch(server, { pid, items: [{ licenseKey: 'SN-7' }] });
    expect(shared.keys[0]?.code).toBe(200);
  });

  test('a call that is wrong as a whole is refused as a whole and changes nothing', async () => {
    const server = await TestServer.start({ engine });
    const { pid } = server.world.purchase;
    const before = await everything(server.store.reader);
    const keys = (count: number) => Array.from({ length: count }, (_, index) => `SN-${index}`);
    const wrong: [unknown, string][] = [
      [{}, 'parameter_missing'],
      [{ licenseKeys: ['SN-1'] }, 'parameter_missing'],
      [{ pid }, 'parameter_missing'],
      [{ pid, licenseKeys: [] }, 'parameter_invalid'],
      [{ pid, licenseKeys: 'SN-1' }, 'parameter_invalid'],
      [{ pid, licenseKeys: keys(1001) }, 'parameter_invalid'],
      [{ items: [{ pid, licenseKey: 'SN-1' }], licenseKeys: ['SN-1'] }, 'parameter_invalid'],
      [{ pid: 'x'.repeat(65), licenseKeys: ['SN-1'] }, 'parameter_invalid'],
      [{ pid, licenseKeys: ['SN-1\0'] }, 'body_malformed'],
    ];
    for (const [body, error] of wrong) {
      const answer = await batch(server, body);
      expect([JSON.stringify(body).slice(0, 60), answer.status, answer.body.error]).toEqual([
        JSON.stringify(body).slice(0, 60),
        400,
        error,
      ]);
    }
    const other = await secondCompany(server);
    const foreign = `/dabiz/license/v2/active/batch?appid=${other.appId}`;
    const refused = await server.post(foreign, { pid, licenseKeys: ['SN-1'] });
    expect([refused.status, refused.body.error]).toEqual([400, 'unknown_app']);
    const large = await batch(server, { pid, licenseKeys: ['x'.repeat(2_000_000)] });
    expect([large.status, large.body.error]).toEqual([413, 'payload_too_large']);
    const after = await everything(server.store.reader);
    expect(after['license']).toEqual(before['license']);
  });

  test('a thousand keys at once, from several callers, share the seats that there are', async () => {
    const server = await TestServer.start({
      engine,
      lines: ({ purchase }) => [{ ...purchase, count: 2500 }],
    });
    const { pid } = server.world.purchase;
    const calls = [0, 1, 2].map((call) =>
      batch(server, { pid, licenseKeys: Array.from({ length: 1000 }, (_, index) => `SN-${call}-${index}`) }),
    );
    const answers = (await Promise.all(calls)).flatMap(({ keys }) => keys);
    const codes = Object.groupBy(answers, ({ code, error }) => error ?? String(code));
    expect([codes['200']?.length, codes['quota_exhausted']?.length]).toEqual([2500, 500]);
    const [quota] = await server.store.reader.selectFrom('quota').selectAll().execute();
    expect([quota?.used, await licenses(server)]).toEqual([2500, 2500]);
  });

  test('under an Idempotency-Key the same answer comes again, in the language asked for', async () => {
    const server = await TestServer.start({ engine, lines: ({ purchase }) => [{ ...purchase, count: 1 }] });
    const body = { pid: server.world.purchase.pid, licenseKeys: ['SN-1', 'SN-2'] };
    const key = { 'idempotency-key': 'k1' };
    const first = await batch(server, body, key);
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('quota').set({ granted: 50 }).execute(),
    );
    const again = await batch(server, body, key);
    expect(again.body).toEqual(first.body);
    const english = await batch(server, body, { ...key, 'accept-language': 'en' });
    expect(english.keys[1]).toMatchObject({
      error: 'quota_exhausted',
      message: expect.stringMatching(/^no license/),
    });
    const other = await batch(server, { ...body, licenseKeys: ['SN-2', 'SN-1'] }, key);
    expect([other.status, other.body.error]).toEqual([400, 'idempotency_conflict']);
  });

  test('a server that may not issue says so for the whole call', async () => {
    const server = await TestServer.start({ engine });
    const { pid } = server.world.purchase;
    server.clock.time += 4 * 365 * 86_400;
    const { status, body, headers } = await batch(server, { pid, licenseKeys: ['SN-1'] });
    expect([status, body.error]).toEqual([503, 'issuer_certificate_expired']);
    expect(headers.get('retry-after')).toBe('5');
  });
});
