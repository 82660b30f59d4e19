import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LicenseError } from '#core/errors.ts';
import { callerOf } from './authentication.ts';
import type { Services } from './services.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route's path without its version: what one limit is counted for. */
    endpoint?: string;
  }
}

/** Counters kept at a time: companies × endpoints. */
const COUNTERS = 50_000;

/**
 * Limits the calls per second of each company and endpoint, all versions of a call together: the company's own limit,
 * else the configured one. After authentication, so that strangers cannot use up a company's calls, and before the
 * body is received. Source: contract, Common "Rate limit".
 */
export async function limitCalls(
  scope: FastifyInstance,
  { config }: Pick<Services, 'config'>,
): Promise<void> {
  const limitOf = (request: FastifyRequest): number =>
    callerOf(request).rateLimitPerSecond ?? config.rateLimitPerSecond;

  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, endpoint: route.url.replace(/\/v\d+\//, '/') };
  });
  await scope.register(rateLimit, { global: false, cache: COUNTERS });
  const limit = scope.rateLimit({
    max: limitOf,
    timeWindow: 1000,
    keyGenerator: (request) => `${callerOf(request).cid}\n${request.routeOptions.config.endpoint}`,
    errorResponseBuilder: (_request, { ttl }) =>
      new LicenseError('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(ttl / 1000)) }),
  });
  scope.addHook('onRequest', (request, reply, done) => {
    // A company without a limit pays nothing for that of others.
    if (limitOf(request) === 0) done();
    else limit.call(scope, request, reply).then(() => done(), done);
  });
}
