import { isIP } from 'node:net';
import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';

/**
 * The address a request came from: that of the connection, or the one that a trusted proxy names. What a proxy hands
 * on without looking at it is no address and not believed.
 */
export function addressOf(request: FastifyRequest): string {
  const { ip } = request;
  return isIP(ip) === 0 ? (request.socket.remoteAddress ?? '') : ip;
}

/** What limits count of an address: an IPv6 host has 2^64 addresses of its own, they count as one. */
export function networkOf(request: FastifyRequest): string {
  return normalizeIP(addressOf(request));
}
