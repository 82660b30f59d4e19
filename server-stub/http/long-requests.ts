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

/** Connections whose request may take its time, and whether it took more than others may. */
const allowed = new WeakMap<Socket, { overdue: boolean }>();

/**
 * Exempts requests under {@link atItsPace} from the server's `requestTimeout`, which knows no routes. Node reports a
 * late request once, as a client error, and then leaves its connection to whoever took that.
 */
export function allowLongRequests(server: Server): void {
  const usual = server.listeners('clientError');
  server.removeAllListeners('clientError');
  server.on('clientError', (fault: Error, socket: Socket) => {
    const long = codeOf(fault) === 'ERR_HTTP_REQUEST_TIMEOUT' ? allowed.get(socket) : undefined;
    if (long !== undefined) long.overdue = true;
    else for (const listener of usual) listener.call(server, fault, socket);
  });
}

/**
 * Does what needs a request's body for as long as that moves, be it slow.
 *
 * @param endConnection called where the rest of the body is not waited for
 * @throws `request_timeout`; what the work throws
 */
export async function atItsPace<T>(
  request: IncomingMessage,
  work: () => Promise<T>,
  endConnection: () => void,
  { windowMs, minBytes, mostMs }: Pace = PACE,
): Promise<T> {
  const { socket } = request;
  const long = { overdue: false };
  allowed.set(socket, long);
  const late = Promise.withResolvers<never>();
  const began = performance.now();
  let seen = socket.bytesRead;
  const timer = setInterval(() => {
    const moved = socket.bytesRead - seen;
    seen = socket.bytesRead;
    if (request.complete || (moved >= minBytes && performance.now() - began < mostMs)) return;
    long.overdue = true;
    late.reject(new LicenseError('request_timeout'));
  }, windowMs);
  try {
    return await Promise.race([work(), late.promise]);
  } finally {
    clearInterval(timer);
    allowed.delete(socket);
    if (long.overdue && !request.complete) endConnection();
  }
}
