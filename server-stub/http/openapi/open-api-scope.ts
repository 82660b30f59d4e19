import type { FastifyInstance } from 'fastify';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { type CredentialRules, requireCredentials } from '../authentication.ts';
import { limitCalls } from '../rate-limit.ts';
import type { Services } from '../services.ts';

/** Largest body of a call that names no limit of its own, in bytes. */
const BODY_LIMIT = 65_536;

/** What holds for every call of the OpenAPI, in this order: who calls, how often, what may stand in a URL and a body. */
export async function openApiScope(
  scope: FastifyInstance,
  services: Services,
  rules: CredentialRules = {},
): Promise<void> {
  requireCredentials(scope, services, rules);
  await limitCalls(scope, services);
  // The router takes a broken percent-encoding literally, and a LicenseKey nobody meant would cost a seat.
  scope.addHook('onRequest', async ({ url }) => {
    const problem = url.includes('%') ? encodingProblem(url) : undefined;
    if (problem !== undefined) throw new LicenseError('parameter_invalid', { name: 'query', problem });
  });
  // Old clients send bodies and content types that mean nothing to calls whose parameters are in the query.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
    done(null, body),
  );
}

/** No text of ours holds U+0000, and PostgreSQL keeps none. */
function encodingProblem(url: string): Bilingual | undefined {
  if (url.includes('%00')) return { en: 'holds U+0000', zh: '含有 U+0000' };
  try {
    decodeURIComponent(url);
    return undefined;
  } catch {
    return { en: 'is not percent-encoded UTF-8', zh: '不是百分号编码的 UTF-8' };
  }
}
