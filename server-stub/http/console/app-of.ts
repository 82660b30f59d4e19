import type { FastifyRequest } from 'fastify';
import type { Kysely, Selectable } from 'kysely';
import { requireApp } from '../../licensing/require-app.ts';
import type { AppTable, Schema } from '../../store/schema.ts';
import { companyOf } from './company-of.ts';

/**
 * The App that a call names, where the user may see it.
 *
 * @throws `unknown_app`
 */
export function appOf(
  request: FastifyRequest,
  reader: Kysely<Schema>,
  appId: string,
): Promise<Selectable<AppTable>> {
  return requireApp(reader, appId, companyOf(request));
}
