import { expect, test } from 'vitest';
import { VERSION } from '#core/host/version.ts';
import { DESCRIBED } from '../../server-stub/http/reference/calls.ts';
import type { CallAnswer } from '../support/openapi-client.ts';
import { type Answered, Reference } from '../support/reference.ts';
import { TestServer } from '../support/server.ts';
import { upload } from '../support/upload.ts';

const BASE = '/dabiz/license/v2';
const LEGACY = '/dev/v3/apps/{appid}/licenses';
const CHINESE_AND_ENGLISH = /[\u4e00-\u9fff].* · .*[a-z]/is;

const answered = ({ status, headers, body }: Omit<CallAnswer, 'body'> & { body: unknown }): Answered => ({
  status,
  contentType: headers.get('content-type') ?? '',
  body,
});

test('openapi.json describes every call that is served, and none that is not', async () => {
  const server = await TestServer.start();
  const { document, operations } = await Reference.of(server);
  expect([document.openapi, document.info.version]).toEqual(['3.1.0', VERSION]);
  for (const { method, path } of operations) {
    const { status } = await fetch(server.url + path.replace('{appid}', 'x'), { method });
    expect([path, status]).toEqual([path, 401]);
  }
  const plain = operations.map(
    ({ method, path }) => `${method} ${path.replace(/^\/dabiz\/license\/v[12]/, '')}`,
  );
  expect(new Set(plain)).toEqual(new Set(Object.keys(DESCRIBED)));
});

test('every call has a name of its own', async () => {
  const { operations } = await Reference.of(await TestServer.start());
  const names = operations.map(({ operation }) => operation.operationId);
  expect(names).toEqual(expect.arrayContaining(['activate_v1', 'activate_v2', 'activate_dev_v3']));
  expect(new Set(names).size).toBe(operations.length);
});

test('every example has the shape that stands beside it', async () => {
  const reference = await Reference.of(await TestServer.start());
  let examples = 0;
  for (const { path, operation } of reference.operations) {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      for (const { schema, example } of Object.values(content)) {
        expect([path, status, reference.faultsBy(schema, example)]).toEqual([path, status, []]);
        examples += 1;
      }
    }
  }
  expect(examples).toBeGreaterThan(100);
});

test('responses and parameters are described in both languages, those of the headers among them', async () => {
  const { operations } = await Reference.of(await TestServer.start());
  for (const { method, path, operation } of operations) {
    for (const [status, { description }] of Object.entries(operation.responses))
      expect([path, status, description]).toEqual([path, status, expect.stringMatching(CHINESE_AND_ENGLISH)]);
    for (const { name, description } of operation.parameters)
      expect([path, name, description]).toEqual([path, name, expect.stringMatching(CHINESE_AND_ENGLISH)]);
    const headers = operation.parameters.flatMap(({ in: place, name }) => (place === 'header' ? name : []));
    expect(headers).toEqual(['Accept-Language', ...(method === 'POST' ? ['Idempotency-Key'] : [])]);
  }
});

test('a call names the statuses that it can give, and all failures share one schema', async () => {
  const { document, operations } = await Reference.of(await TestServer.start());
  const statusesOf = (method: string, path: string) =>
    Object.keys(document.paths[path]?.[method.toLowerCase()]?.responses ?? {}).join(' ');
  expect(statusesOf('GET', `${BASE}/detail`)).toBe('200 400 401 429 500 503');
  expect(statusesOf('POST', `${BASE}/active`)).toBe('200 400 401 413 429 500 503');
  expect(statusesOf('POST', `${BASE}/allocate`)).toBe('200 400 401 413 415 429 500 503');
  expect(statusesOf('POST', `${BASE}/pad/upload`)).toBe('200 400 401 413 415 429 500 503');
  expect(statusesOf('GET', LEGACY)).toBe('200 400 401 404 429 500 503');
  expect(statusesOf('POST', `${LEGACY}/activation`)).toBe('200 400 401 404 413 415 429 500 503');
  for (const { operation } of operations) {
    for (const [status, { content }] of Object.entries(operation.responses)) {
      if (status === '200') continue;
      expect(Object.keys(content)).toEqual(['application/json']);
      expect(content['application/json']?.schema).toEqual({ $ref: '#/components/schemas/Problem' });
    }
  }
});

test('our own calls, and uploads with lines that are none, answer as documented', async () => {
  const server = await TestServer.start();
  const reference = await Reference.of(server);
  const { appId, purchase } = server.world;
  const body = { pid: purchase.pid, licenseKeys: ['SN-1', ' ', 7, null, { a: 1 }] };
  const batch = await server.post(`${BASE}/active/batch?appid=${appId}`, body);
  expect(batch.status).toBe(200);
  expect(reference.faultsOf('POST', `${BASE}/active/batch`, answered(batch))).toEqual([]);

  await upload(server, appId, 'SN-1\n');
  const partly = await upload(server, appId, 'SN-1\nSN-2\n a b\n', { query: { partial: 'true' } });
  expect(partly.body.data).toMatchObject({ added: 1, duplicateLines: [1], problems: [{ line: 3 }] });
  expect(reference.faultsOf('POST', `${BASE}/pad/upload`, answered(partly))).toEqual([]);

  const uploads = await server.call('GET', `${BASE}/pad/uploads?appid=${appId}`);
  expect(uploads.body.data).toHaveLength(2);
  expect(reference.faultsOf('GET', `${BASE}/pad/uploads`, answered(uploads))).toEqual([]);
});

test('failures of every status answer as documented', async () => {
  const server = await TestServer.start({ rateLimitPerSecond: 3 });
  const reference = await Reference.of(server);
  const { appId, purchase } = server.world;
  const query = `?appid=${appId}`;
  const detail = () => server.call('GET', `${BASE}/detail${query}&key=SN-1`);
  const allocate = (creator: string, headers = {}) =>
    server.post(`${BASE}/allocate${query}`, { pid: purchase.pid, count: 1, creator }, headers);
  const expectDocumented = (status: number, method: string, path: string, answer: Answered) => {
    expect([path, answer.status]).toEqual([path, status]);
    expect(reference.faultsOf(method, path, answer)).toEqual([]);
  };

  const invalid = await upload(server, appId, 'SN-1\n a b\n', { version: 'v2' });
  expectDocumented(400, 'POST', `${BASE}/pad/upload`, answered(invalid));
  const stranger = await fetch(`${server.url}${BASE}/pads/export${query}`);
  const { status, headers } = stranger;
  const challenge = { status, headers, body: await stranger.json() };
  expectDocumented(401, 'GET', `${BASE}/pads/export`, answered(challenge));
  const lost = await server.call('GET', `/dev/v3/apps/%zz/licenses`);
  expectDocumented(404, 'GET', LEGACY, answered(lost));
  const large = await allocate('a'.repeat(100_000));
  expectDocumented(413, 'POST', `${BASE}/allocate`, answered(large));
  const csv = await allocate('admin', { 'content-type': 'text/csv' });
  expectDocumented(415, 'POST', `${BASE}/allocate`, answered(csv));
  const many = await Promise.all(Array.from({ length: 10 }, detail));
  const limited = many.find((answer) => answer.status === 429) as CallAnswer;
  expectDocumented(429, 'GET', `${BASE}/detail`, answered(limited));
  server.clock.time += 4 * 365 * 86_400;
  const unable = await server.activate('SN-1');
  expectDocumented(503, 'POST', `${BASE}/active`, answered(unable));
});

test('the reference is a page of its own, and carries nothing of other hosts', async () => {
  const server = await TestServer.start();
  const page = await fetch(`${server.url}/reference`);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const html = await page.text();
  expect(html).not.toMatch(/(src|href)="https?:/);
  for (const [, link = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const { status } = await fetch(new URL(link, `${server.url}/reference`));
    expect([link, status]).toEqual([link, 200]);
  }
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
});
