import type { FastifyRequest } from 'fastify';
import { userOfCall } from './console-scope.ts';

/** Who acts, for the audit trail: `user:NAME`. */
export function actorOf(request: FastifyRequest): string {
  return `user:${userOfCall(request).name}`;
}
