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
    if (url.includes('%')) requireText(url);
  });
  // Old clients send bodies and content types that mean nothing to calls whose parameters are in the query.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
    done(null, body),
  );
}

/**
 * No text of ours holds U+0000, and PostgreSQL keeps none.
 *
 * @throws `parameter_invalid`, by the name of the first parameter that is no text
 */
function requireText(url: string): void {
  const problem = encodingProblem(url);
  if (problem === undefined) return;
  const query = url.slice(url.indexOf('?') + 1);
  const wrong = query.split('&').find((pair) => encodingProblem(pair) !== undefined);
  const name = /^(\w{1,64})=/.exec(wrong ?? '')?.[1] ?? 'URL';
  throw new LicenseError('parameter_invalid', { name, problem });
}

function encodingProblem(text: string): Bilingual | undefined {
  if (text.includes('%00')) return { en: 'holds U+0000', zh: '含有 U+0000' };
  try {
    decodeURIComponent(text);
    return undefined;
  } catch {
    return {
      en: 'is not percent-encoded UTF-8; a percent sign itself is %25',
      zh: '不是 UTF-8 的百分号编码（百分号本身须写作 %25）',
    };
  }
}
