import type { FastifyRequest } from 'fastify';
import { addressOf } from '../remote-address.ts';
import { userOfCall } from './console-scope.ts';

/** Who acts, for the audit trail: `user:NAME`. */
export function actorOf(request: FastifyRequest): string {
  return `user:${userOfCall(request).name}`;
}

/** The same, and from where. */
export function requesterOf(request: FastifyRequest): { readonly actor: string; readonly from: string } {
  return { actor: actorOf(request), from: addressOf(request) };
}
