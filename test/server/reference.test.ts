import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { VERSION } from '#core/host/version.ts';
import { DESCRIBED } from '../../server-stub/http/reference/calls.ts';
import { TestServer } from '../support/server.ts';

interface OpenApi {
  openapi: string;
  info: { version: string };
  paths: Record<
    string,
    Record<string, { summary: string; responses: Record<string, Body>; requestBody?: Body }>
  >;
}
interface Body {
  content: Record<string, { schema: object; example?: unknown }>;
}

async function referenceOf(server: TestServer): Promise<OpenApi> {
  return (await fetch(`${server.url}/openapi.json`)).json() as Promise<OpenApi>;
}

test('openapi.json describes every call that is served, and none that is not', async () => {
  const server = await TestServer.start();
  const { openapi, info, paths } = await referenceOf(server);
  expect([openapi, info.version]).toEqual(['3.1.0', VERSION]);
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
  for (const [method, path] of described) {
    const { status } = await fetch(server.url + path.replace('{appid}', 'x'), { method });
    expect([path, status]).toEqual([path, 401]);
  }
  const plain = described.map(
    ([method, path]) => `${method} ${path.replace(/^\/dabiz\/license\/v[12]/, '')}`,
  );
  expect(new Set(plain)).toEqual(new Set(Object.keys(DESCRIBED)));
});

test('every example has the shape that stands beside it', async () => {
  const server = await TestServer.start();
  const { paths } = await referenceOf(server);
  let examples = 0;
  for (const [path, methods] of Object.entries(paths)) {
    for (const { responses } of Object.values(methods)) {
      for (const [status, { content }] of Object.entries(responses)) {
        for (const { schema, example } of Object.values(content)) {
          if (example === undefined) continue;
          examples += 1;
          expect([path, status, Compile(schema).Check(example)]).toEqual([path, status, true]);
        }
      }
    }
  }
  expect(examples).toBeGreaterThan(100);
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
