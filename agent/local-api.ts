import { chmodSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { errorTable } from '#core/error-table.ts';
import { asLicenseError, type Language, LicenseError, messageOf, remedyOf } from '#core/errors.ts';
import type { Logger } from '#core/host/log.ts';
import { reasonOf } from '#core/host/reason.ts';
import { findRoutes, type LocalRoute, type StreamRoute } from './local-route.ts';

export interface LocalServer {
  close(): Promise<void>;
}

export interface LocalApiOptions {
  readonly socket: string;
  /** Who may connect: 0660 for the group, 0600 for the owner alone. */
  readonly mode: number;
  readonly routes: readonly LocalRoute[];
  readonly log: Logger;
}

/** An enrollment file with its certificate authority fits. */
const MAX_BODY_BYTES = 256 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
/** For who takes no answer. */
const SEND_TIMEOUT_MS = 60_000;
/** Requests of one connection that wait for their answers (RFC 9112 §9.3.2); who sends more reads none of them. */
const MOST_PIPELINED = 8;
/** Who comes in a flood waits to be accepted, as far as the system allows. */
const BACKLOG = 4096;
/** Event streams of one socket at most. */
const MOST_STREAMS = 100;
/** A listener that takes nothing is left when so much waits for it. */
const MOST_UNSENT_BYTES = 1024 * 1024;

/**
 * Serves routes as HTTP on a unix socket, so that `curl --unix-socket` works. `node:http` alone: a framework
 * would cost the daemon a third of its memory again.
 *
 * @throws `listen_failed`
 */
export async function listenLocally({ socket, mode, routes, log }: LocalApiOptions): Promise<LocalServer> {
  const streams = new Set<ServerResponse>();
  const isTooMuch = countPipelined();
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 8192 },
    (request, response) => {
      if (isTooMuch(request, response)) return void request.socket.destroy();
      respond(request, response, routes, streams).catch((thrown: unknown) =>
        sendFailure(response, thrown, languageOf(request), log),
      );
    },
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ path: socket, backlog: BACKLOG }, () => resolve());
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

/** Whether a request comes on a connection where too many wait for their answers. */
function countPipelined(): (request: IncomingMessage, response: ServerResponse) => boolean {
  const waiting = new WeakMap<Socket, number>();
  const add = (socket: Socket, more: number) => {
    const count = (waiting.get(socket) ?? 0) + more;
    waiting.set(socket, count);
    return count;
  };
  return ({ socket }, response) => {
    response.once('close', () => add(socket, -1));
    return add(socket, 1) > MOST_PIPELINED;
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly LocalRoute[],
  streams: Set<ServerResponse>,
): Promise<void> {
  const url = request.url ?? '/';
  if (!URL.canParse(url, 'http://localhost'))
    throw new LicenseError('not_found', { path: url.slice(0, 100) });
  const { pathname: path, searchParams: query } = new URL(url, 'http://localhost');
  const found = findRoutes(routes, path);
  if (found.routes.length === 0) throw new LicenseError('not_found', { path });
  const method = request.method ?? '';
  const route = found.routes.find((each) => each.method === method);
  if (route === undefined) throw new LicenseError('method_not_allowed', { path, method });
  if ('stream' in route) return sendEvents(route, response, streams);
  const body = await readBody(request, route.maxBodyBytes ?? MAX_BODY_BYTES);
  send(response, 200, await route.answer({ params: found.params, query, body }));
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new LicenseError('payload_too_large', { maxBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function sendEvents(
  { stream }: StreamRoute,
  response: ServerResponse,
  streams: Set<ServerResponse>,
): Promise<void> {
  if (streams.size >= MOST_STREAMS) throw new LicenseError('too_many_streams', { most: MOST_STREAMS });
  streams.add(response);
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  try {
    const end = await stream((event, data) => {
      if (!response.headersSent)
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      if (response.writableLength > MOST_UNSENT_BYTES) response.destroy();
      else response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    });
    await closed;
    end();
  } finally {
    streams.delete(response);
  }
}

/** English, unless the caller asks for Chinese first. The detail has both. */
function languageOf({ headers }: IncomingMessage): Language {
  return /^\s*zh\b/i.test(headers['accept-language'] ?? '') ? 'zh' : 'en';
}

function sendFailure(response: ServerResponse, thrown: unknown, language: Language, log: Logger): void {
  const error = asLicenseError(thrown);
  if (error.code === 'internal') log.error({ err: error.cause }, 'a local request failed');
  if (response.headersSent || response.destroyed) return void response.destroy();
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
  response.setTimeout(SEND_TIMEOUT_MS);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(body);
}
