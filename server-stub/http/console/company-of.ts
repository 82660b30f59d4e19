import type { FastifyRequest } from 'fastify';
import { LicenseError } from '#core/errors.ts';
import { userOfCall } from './console-scope.ts';

/**
 * The company that a call is about: the user's own, else the one that was asked for; undefined: all. What belongs to
 * another company is not there for its users.
 *
 * @throws `unknown_company`
 */
export function companyOf(request: FastifyRequest, asked?: string): string | undefined {
  const { cid } = userOfCall(request);
  if (cid === null) return asked;
  if (asked !== undefined && asked !== cid) throw new LicenseError('unknown_company', { cid: asked });
  return cid;
}
