import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { ServedRoute } from './describe-route.ts';

/**
 * `GET /openapi.json` and the pages under /reference. What makes them is loaded by the first who looks: a server
 * that only serves does not carry it. To be called before the routes that it describes.
 */
export function referenceRoutes(app: FastifyInstance): void {
  const routes: ServedRoute[] = [];
  app.addHook('onRoute', ({ method, url, schema }) => {
    for (const name of [method].flat()) {
      if (name === 'GET' || name === 'POST') routes.push({ method: name as HTTPMethods, url, schema });
    }
  });

  let loading: Promise<FastifyInstance> | undefined;
  const reference = () => {
    loading ??= import('./reference-app.ts').then(({ buildReferenceApp }) => buildReferenceApp(routes));
    return loading;
  };
  const pass = async (request: FastifyRequest, reply: FastifyReply) => {
    const { statusCode, headers, rawPayload } = await (await reference()).inject({
      method: 'GET',
      url: request.url,
    });
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && !HOP_BY_HOP.includes(name)) reply.header(name, value);
    }
    return reply.code(statusCode).send(rawPayload);
  };
  for (const path of ['/openapi.json', '/reference', '/reference/*']) app.get(path, pass);
}

const HOP_BY_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'date',
];
