import type { FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { LicenseError } from '#core/errors.ts';
import { Cid } from '#core/shapes.ts';
import { userOfCall } from './console-scope.ts';

/** What a call says of the company that it is about. */
export const CompanyQuery = Type.Object({ cid: Type.Optional(Cid) });
export type CompanyQuery = Type.Static<typeof CompanyQuery>;

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
