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
  /** By path. They are made of the routes and of files of ours, so they never change while we run. */
  const kept = new Map<string, Kept>();
  let keptBytes = 0;

  async function make(path: string): Promise<Kept> {
    const { statusCode, headers, rawPayload } = await (await reference()).inject({
      method: 'GET',
      url: path,
    });
    const lasting = Object.entries(headers).filter(
      (header): header is [string, string] => header[1] !== undefined && !HOP_BY_HOP.includes(header[0]),
    );
    return { statusCode, headers: Object.fromEntries(lasting), payload: rawPayload };
  }

  async function answerFor(path: string): Promise<Kept> {
    const before = kept.get(path);
    if (before !== undefined) return before;
    const made = await make(path);
    const bytes = made.payload.length;
    // What is not there is not kept: anybody may make up paths.
    if (made.statusCode === 200 && !kept.has(path) && keptBytes + bytes <= MAX_KEPT_BYTES) {
      kept.set(path, made);
      keptBytes += bytes;
    }
    return made;
  }

  const pass = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    // Of several spellings of a path one is served, so that one is kept.
    if (!PLAIN_PATH.test(path)) return reply.callNotFound();
    const { statusCode, headers, payload } = await answerFor(path);
    return reply.code(statusCode).headers(headers).send(payload);
  };
  for (const path of ['/openapi.json', '/reference', '/reference/*']) app.get(path, pass);
}

/** An answer that is the same for everybody. */
interface Kept {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

/** All pages and their scripts together have 3 MB. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;

const PLAIN_PATH = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+\/?$/;

const HOP_BY_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'date',
];
