import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { LicenseError } from '#core/errors.ts';
import { codeOf } from '#core/host/reason.ts';

/** How fast a long request has to come. */
export interface Pace {
  readonly windowMs: number;
  /** In each window. */
  readonly minBytes: number;
  readonly mostMs: number;
}

/** 64 MiB over the line of a school take many minutes; whoever sends drop by drop, to hold a connection, is ended. */
const PACE: Pace = { windowMs: 30_000, minBytes: 65_536, mostMs: 3_600_000 };

/** Connections whose request may take its time. */
const allowed = new WeakSet<Socket>();

/**
 * Exempts requests under {@link atItsPace} from the server's `requestTimeout`, which knows no routes. Node reports a
 * late request once, as a client error, and then leaves its connection to whoever took that.
 */
export function allowLongRequests(server: Server): void {
  const usual = server.listeners('clientError');
  server.removeAllListeners('clientError');
  server.on('clientError', (fault: Error, socket: Socket) => {
    if (codeOf(fault) === 'ERR_HTTP_REQUEST_TIMEOUT' && allowed.has(socket)) return;
    if (usual.length === 0) socket.destroy(fault);
    else for (const listener of usual) listener.call(server, fault, socket);
  });
}

/**
 * Does what needs a request's body for as long as that moves, be it slow.
 *
 * @throws `request_timeout`; what the work throws
 */
export async function atItsPace<T>(
  request: IncomingMessage,
  work: () => Promise<T>,
  { windowMs, minBytes, mostMs }: Pace = PACE,
): Promise<T> {
  const { socket } = request;
  allowed.add(socket);
  request.once('close', () => allowed.delete(socket));
  const late = Promise.withResolvers<never>();
  const began = performance.now();
  let seen = socket.bytesRead;
  const timer = setInterval(() => {
    const moved = socket.bytesRead - seen;
    seen = socket.bytesRead;
    if (request.complete || (moved >= minBytes && performance.now() - began < mostMs)) return;
    late.reject(new LicenseError('request_timeout'));
  }, windowMs);
  try {
    return await Promise.race([work(), late.promise]);
  } finally {
    clearInterval(timer);
  }
}

/** How long a refused body is read on, in milliseconds. */
const REST_MS = 2_000;

/**
 * Reads what is left of a refused body and drops it, for a moment: a client that still sends would not read why.
 *
 * @returns whether all of it came; if not, the connection is of no further use
 */
export async function dropRest(request: IncomingMessage, restMs = REST_MS): Promise<boolean> {
  if (request.complete || request.destroyed) return request.complete;
  request.unpipe().resume();
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, restMs);
  request.once('end', over.resolve).once('close', over.resolve);
  await over.promise;
  clearTimeout(timer);
  return request.complete;
}
