import type { FastifyInstance } from 'fastify';
import { expect, test, vi } from 'vitest';
import { TestServer } from '../support/server.ts';

const made: FastifyInstance[] = [];

/** The real one; what is asked of it is counted. */
vi.mock(import('../../server-stub/http/reference/reference-app.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    buildReferenceApp: async (routes) => {
      const app = await real.buildReferenceApp(routes);
      vi.spyOn(app, 'inject');
      made.push(app);
      return app;
    },
  };
});

test('pages of the reference are made once, whatever follows the path; what is not there is not kept', async () => {
  const server = await TestServer.start();
  const get = async (path: string) => {
    const response = await fetch(server.url + path);
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text: await response.text(),
    };
  };
  for (const path of ['/openapi.json', '/reference', '/reference/static/swagger-ui-bundle.js']) {
    const first = await get(path);
    expect([path, first.status]).toEqual([path, 200]);
    expect(await get(path)).toEqual(first);
    expect(await get(`${path}?n=1`)).toEqual(first);
  }
  const [app] = made;
  expect(app?.inject).toHaveBeenCalledTimes(3);
  for (const path of [
    '/reference/static/%69ndex.css',
    '/reference//static/index.css',
    '/reference/static/nothing',
  ])
    expect([path, (await get(path)).status]).toEqual([path, 404]);
  expect((await get('/reference/static/nothing')).status).toBe(404);
  expect(app?.inject).toHaveBeenCalledTimes(5);
});
