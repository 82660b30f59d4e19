import type { FastifyInstance } from 'fastify';
import type { Logger } from '#core/host/log.ts';
import { addressOf } from './remote-address.ts';

/**
 * One line for each request that was answered: the route and not the URL, whose query holds LicenseKeys; no header, no
 * body.
 */
export function logAccess(app: FastifyInstance, log: Logger): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { caller } = request;
    log.info({
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? '',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      bytes: Number(reply.getHeader('content-length') ?? 0),
      from: addressOf(request),
      ...(caller !== undefined && { cid: caller.cid, customerId: caller.customerId }),
    });
    done();
  });
}
