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

const WINDOW_MS = 1000;
/** Counters kept at a time, at most: companies × endpoints. */
const COUNTERS = 50_000;

/**
 * Counts calls within a second. The plugin's own store hands the same counter to all callers, and calls that arrive in
 * one turn of the event loop, as those of many connections do, would each see the count of them all: the whole burst
 * would be refused instead of what is over the limit.
 */
class Counters {
  readonly #windows = new Map<string, { count: number; end: number }>();

  incr(
    key: string,
    done: (fault: Error | null, counted: { current: number; ttl: number }) => void,
    windowMs: number,
  ): void {
    const now = Date.now();
    let window = this.#windows.get(key);
    // Set back by hours, the clock must not hold a company up for hours.
    if (window === undefined || now >= window.end || now < window.end - windowMs) {
      if (window === undefined && this.#windows.size >= COUNTERS) this.#windows.clear();
      window = { count: 0, end: now + windowMs };
      this.#windows.set(key, window);
    }
    window.count += 1;
    done(null, { current: window.count, ttl: window.end - now });
  }

  /** Of the plugin: a store for each route that has options of its own. */
  child(): Counters {
    return this;
  }
}

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
  await scope.register(rateLimit, { global: false, store: Counters });
  const limit = scope.rateLimit({
    max: limitOf,
    timeWindow: WINDOW_MS,
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
