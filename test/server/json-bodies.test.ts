import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { everything } from '../support/everything.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

const paths = ({ world: { appId } }: TestServer) => ({
  batch: `/dabiz/license/v2/active/batch?appid=${appId}`,
  remove: `/dabiz/license/v2/pad/delete?appid=${appId}`,
  allocate: `/dabiz/license/v2/allocate?appid=${appId}`,
  legacy: `/dev/v3/apps/${appId}/licenses/activation`,
});

/** A POST of a body as it is written here. */
async function send(server: TestServer, path: string, body: string | Buffer, headers = {}) {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { authorization: server.authorization, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  return { status: response.status, body: (await response.json()) as { error?: string; message: string } };
}

describe.each(ENGINES)('JSON bodies of strangers, store in %s', (engine) => {
  test('nested too deeply they are a 400, with and without an Idempotency-Key, and change nothing', async () => {
    const server = await TestServer.start({ engine });
    const { pid } = server.world.purchase;
    const before = await everything(server.store.reader);
    const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    const deepObject = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    for (const path of Object.values(paths(server)))
      for (const nested of [deep(60), deep(5_000), deep(30_000), deepObject])
        for (const headers of [{}, { 'idempotency-key': 'k' }]) {
          const body = `{"pid":"${pid}","licenseKeys":[${nested},"\\u0000"],"ids":["a"],"more":${nested}}`;
          const answer = await send(server, path, body, headers);
          expect([path, answer.status, answer.body.error]).toEqual([
            path,
            expect.toBeOneOf([400, 413]),
            expect.toBeOneOf(['body_malformed', 'payload_too_large']),
          ]);
        }
    const shallow = await send(server, paths(server).batch, `{"pid":"${pid}","licenseKeys":[${deep(20)}]}`);
    expect(shallow.status).toBe(200);
    const told = await send(server, paths(server).batch, `{"pid":"${pid}","licenseKeys":[${deep(60)}]}`);
    expect(told.body.message).toMatch(/嵌套/);
    expect((await everything(server.store.reader))['license']).toEqual(before['license']);
  });

  test('members that nothing knows are ignored, under an Idempotency-Key too', async () => {
    const server = await TestServer.start({ engine });
    const { pid } = server.world.purchase;
    const { batch, remove } = paths(server);
    const key = { 'idempotency-key': 'k' };
    const first = await server.post(batch, { pid, licenseKeys: ['SN-1'], at: 1 }, key);
    const again = await server.post(batch, { licenseKeys: ['SN-1'], pid, at: 2, more: { a: 1 } }, key);
    expect([first.status, again.body]).toEqual([200, first.body]);
    const items = (at: number) => ({ items: [{ pid, licenseKey: 'SN-2', at }, { at }] });
    const byItem = await server.post(batch, items(1), { 'idempotency-key': 'k2' });
    const itemsAgain = await server.post(batch, items(2), { 'idempotency-key': 'k2' });
    expect([byItem.status, itemsAgain.body]).toEqual([200, byItem.body]);
    const removed = await server.post(remove, { ids: ['a'], at: 1 }, key);
    expect((await server.post(remove, { ids: ['a'], at: 2 }, key)).body).toEqual(removed.body);
    expect((await server.post(remove, { ids: ['b'], at: 1 }, key)).body.error).toBe('idempotency_conflict');
  });
});

describe('a JSON body that cannot be taken', () => {
  test('is told: compressed', async () => {
    const server = await TestServer.start();
    const { pid } = server.world.purchase;
    const body = gzipSync(JSON.stringify({ pid, licenseKeys: ['SN-1'] }));
    for (const path of Object.values(paths(server))) {
      const answer = await send(server, path, body, { 'content-encoding': 'gzip' });
      expect([path, answer.status, answer.body.error]).toEqual([path, 415, 'content_encoding_unsupported']);
      expect(answer.body.message).toContain('gzip');
    }
    const plain = JSON.stringify({ pid, licenseKeys: ['SN-1'] });
    const identity = await send(server, paths(server).batch, plain, { 'content-encoding': 'identity' });
    expect(identity.status).toBe(200);
  });

  test.each([
    ['empty', '', 'body_malformed', /请求体为空/],
    [
      'a list with a number that is no LicenseKey',
      '{"ids":[1.5]}',
      'parameter_invalid',
      /参数 ids\[0\] 错误：必须为文本或整数/,
    ],
    [
      'a list with an empty text',
      '{"ids":["a",""]}',
      'parameter_invalid',
      /参数 ids\[1\] 错误：不得少于 1 个字符/,
    ],
  ])('is told: %s', async (_, body, error, message) => {
    const server = await TestServer.start();
    const answer = await send(server, paths(server).remove, body);
    expect([answer.status, answer.body.error]).toEqual([400, error]);
    expect(answer.body.message).toMatch(message);
  });

  test('parameters of the query are told without regular expressions, broken encodings by their name', async () => {
    const server = await TestServer.start();
    const { appId, purchase } = server.world;
    const asked = async (query: string) =>
      (await server.call('POST', `/dabiz/license/v2/${query}`)).body.message;
    expect(await asked(`active?appid=${appId}&pid=${purchase.pid}&licenseKey=%C9%E8`)).toMatch(
      /^参数 licenseKey 错误：不是 UTF-8 的百分号编码/,
    );
    expect(await asked(`active?appid=${appId}&pid=${purchase.pid}&licenseKey=100%`)).toMatch(
      /^参数 licenseKey 错误：不是 UTF-8 的百分号编码/,
    );
    expect(await asked(`active?appid=${appId}&%C9%E8=1`)).toMatch(/^URL 错误|^参数 URL 错误/);
    expect(await asked(`pad/upload?appid=${appId}&partial=maybe`)).toBe(
      '参数 partial 错误：必须为 "true"、"false" 之一',
    );
  });
});
