import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { LicenseError } from '#core/errors.ts';
import { callerOf, requireCredentials } from '../authentication.ts';
import type { Services } from '../services.ts';
import { activeRoutes } from './active.ts';
import { detailRoutes } from './detail.ts';

/** The OpenAPI: authenticated, rate-limited per company and endpoint, in the contract's envelope. */
export async function openApiRoutes(scope: FastifyInstance, services: Services): Promise<void> {
  requireCredentials(scope, services);
  const { rateLimitPerSecond } = services.config;
  if (rateLimitPerSecond > 0) {
    await scope.register(rateLimit, {
      max: rateLimitPerSecond,
      timeWindow: 1000,
      // After authentication, so that strangers cannot use up a company's calls.
      hook: 'preHandler',
      keyGenerator: (request) => callerOf(request).cid,
      errorResponseBuilder: (_request, { ttl }) =>
        new LicenseError('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(ttl / 1000)) }),
    });
  }
  // The router takes a broken percent-encoding literally, and a LicenseKey nobody meant would cost a seat.
  scope.addHook('onRequest', async ({ url }) => {
    if (url.includes('%') && !isWellEncoded(url)) {
      const problem = { en: 'is not percent-encoded UTF-8', zh: '不是百分号编码的 UTF-8' };
      throw new LicenseError('parameter_invalid', { name: 'query', problem });
    }
  });
  // Old clients send bodies and content types that mean nothing to calls whose parameters are in the query.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 65_536 }, (_request, body, done) =>
    done(null, body),
  );

  activeRoutes(scope, services);
  detailRoutes(scope, services);
}

function isWellEncoded(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
