import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { errorTable } from '#core/error-table.ts';
import { asLicenseError, type Language, LicenseError, messageOf, remedyOf } from '#core/errors.ts';
import type { Logger } from '#core/host/log.ts';
import { reasonOf } from '#core/host/reason.ts';

export interface LocalRequest {
  readonly query: URLSearchParams;
  /** Text of the body, of bounded size. */
  readonly body: string;
}

/** By path and method, such as `{ '/v1/status': { GET: … } }`. */
export type LocalRoutes = Readonly<Record<string, Partial<Record<'GET' | 'POST', LocalRoute>>>>;
export type LocalRoute = (request: LocalRequest) => Promise<object>;

export interface LocalServer {
  close(): Promise<void>;
}

export interface LocalApiOptions {
  readonly socket: string;
  /** Who may connect: 0660 for the group, 0600 for the owner alone. */
  readonly mode: number;
  readonly routes: LocalRoutes;
  readonly log: Logger;
}

/** An enrollment file with its certificate authority fits. */
const MAX_BODY_BYTES = 256 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Serves routes as HTTP on a unix socket, so that `curl --unix-socket` works. `node:http` alone: a framework
 * would cost the daemon a third of its memory again.
 *
 * @throws `listen_failed`
 */
export async function listenLocally({ socket, mode, routes, log }: LocalApiOptions): Promise<LocalServer> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 8192 },
    (request, response) => {
      respond(request, routes).then(
        (value) => send(response, 200, value),
        (thrown: unknown) => sendFailure(response, thrown, languageOf(request), log),
      );
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(socket, () => resolve());
  try {
    await promise;
    chmodSync(socket, mode);
  } catch (cause) {
    server.close();
    throw new LicenseError('listen_failed', { where: socket, problem: reasonOf(cause) }, { cause });
  }
  return {
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function respond(request: IncomingMessage, routes: LocalRoutes): Promise<object> {
  const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://localhost');
  const methods = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (methods === undefined) throw new LicenseError('not_found', { path });
  const method = request.method ?? '';
  const route = method === 'GET' || method === 'POST' ? methods[method] : undefined;
  if (route === undefined) throw new LicenseError('method_not_allowed', { path, method });
  return route({ query, body: await readBody(request) });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new LicenseError('payload_too_large', { maxBytes: MAX_BODY_BYTES });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** English, unless the caller asks for Chinese first. The detail has both. */
function languageOf({ headers }: IncomingMessage): Language {
  return /^\s*zh\b/i.test(headers['accept-language'] ?? '') ? 'zh' : 'en';
}

function sendFailure(response: ServerResponse, thrown: unknown, language: Language, log: Logger): void {
  const error = asLicenseError(thrown);
  if (error.code === 'internal') log.error({ err: error.cause }, 'a local request failed');
  // The rest of a body that is too large is not read.
  if (error.code === 'payload_too_large') response.setHeader('connection', 'close');
  send(response, errorTable[error.code].http, {
    error: error.code,
    message: messageOf(error, language),
    remedy: remedyOf(error, language),
    detail: error.detail,
  });
}

function send(response: ServerResponse, status: number, value: object): void {
  const body = `${JSON.stringify(value)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}
