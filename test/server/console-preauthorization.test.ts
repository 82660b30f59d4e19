import { describe, expect, test } from 'vitest';
import { ConsoleClient } from '../support/console-client.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

async function withList(engine: (typeof ENGINES)[number]) {
  const server = await TestServer.start({ engine });
  const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
  const path = `/apps/${server.world.appId}/preauthorization`;
  const entered = async (state = 'entered') => {
    await expect.poll(async () => (await operator.get(`${path}/uploads`)).body.uploads[0]?.state).toBe(state);
    return (await operator.get(`${path}/uploads`)).body.uploads[0];
  };
  return { server, operator, path, entered };
}

describe.each(ENGINES)('preauthorization in the Console, store in %s', (engine) => {
  test('LicenseKeys are added, found, deleted and cleared; switched on, no other activates', async () => {
    const { server, operator, path } = await withList(engine);
    expect((await operator.get(path)).body).toEqual({ enabled: false, count: 0, keys: [] });
    const keys = ['SN-1', 'SN-2', 'SN-3'];
    expect((await operator.post(`${path}/keys`, { licenseKeys: keys })).body).toEqual({ changed: 3 });
    expect((await operator.post(`${path}/keys`, { licenseKeys: ['SN-3', 'SN-4'] })).body).toEqual({
      changed: 1,
    });
    expect((await operator.put(`${path}/switch`, { enabled: true })).body).toEqual({ enabled: true });
    expect((await server.activate('SN-9')).status).toBe(400);
    expect((await server.activate('SN-1')).status).toBe(200);
    expect((await operator.get(`${path}?size=2`)).body).toMatchObject({
      ...{ enabled: true, count: 4 },
      keys: [{ licenseKey: 'SN-4' }, { licenseKey: 'SN-3' }],
    });
    expect((await operator.get(`${path}?key=SN-2`)).body.keys).toMatchObject([{ licenseKey: 'SN-2' }]);
    expect((await operator.get(`${path}?key=SN-22`)).body.keys).toEqual([]);
    expect((await operator.post(`${path}/deletions`, { licenseKeys: ['SN-2', 'SN-7'] })).body).toEqual({
      changed: 1,
    });
    const exported = await operator.get(`${path}/keys.txt`);
    expect(exported.body).toBe('SN-1\nSN-3\nSN-4\n');
    expect(exported.headers.get('content-disposition')).toMatch(/^attachment; filename="license-keys-/);
    expect((await operator.delete(`${path}/keys`)).body).toEqual({ changed: 3 });
    expect((await operator.get(path)).body.count).toBe(0);
    expect((await operator.post(`${path}/keys`, { licenseKeys: ['a\nb'] })).body.error).toBe(
      'license_key_invalid',
    );
    const actors = await server.store.reader
      .selectFrom('audit')
      .select('actor')
      .where('action', 'like', 'preauthorization.%')
      .execute();
    expect(new Set(actors.map(({ actor }) => actor))).toEqual(new Set(['user:op']));
  });

  test('a file goes in whether or not the page stays, with a report of its lines', async () => {
    const { server, operator, path, entered } = await withList(engine);
    const send = (text: string, query = '') => operator.send('POST', `${path}/uploads${query}`, text);
    const accepted = await send('SN-1\nSN-2\nSN-1\n');
    expect([accepted.status, accepted.body.warnings]).toEqual([202, []]);
    expect(await entered()).toMatchObject({
      ...{ uploadId: accepted.body.uploadId, lines: 3, done: 3, added: 2, duplicates: 1 },
      duplicateLines: [3],
    });
    const bad = `SN-3\n${'x'.repeat(200)}\n`;
    const refused = await send(bad);
    expect(refused.body).toMatchObject({ error: 'upload_invalid' });
    expect((await operator.get(path)).body.count).toBe(2);
    expect((await send(bad, '?partial=true')).status).toBe(202);
    expect(await entered()).toMatchObject({ added: 1, invalid: 1, problems: [{ line: 2 }] });
    expect(await server.store.reader.selectFrom('preauthorization').selectAll().execute()).toHaveLength(3);
  });
});

test('a file that is cut off leaves nothing', async () => {
  const { server, operator, path } = await withList('sqlite');
  const abort = new AbortController();
  const sent = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('SN-1\nSN-2\n'));
      setImmediate(() => abort.abort());
    },
  });
  await expect(
    fetch(`${server.url}/console/api${path}/uploads`, {
      ...{ method: 'POST', body: sent, duplex: 'half', signal: abort.signal },
      headers: { origin: server.url, cookie: `__Host-license-console=${operator.cookie}` },
    } as RequestInit),
  ).rejects.toThrow();
  expect((await operator.get(path)).body.count).toBe(0);
  expect((await operator.get(`${path}/uploads`)).body.uploads).toEqual([]);
});
