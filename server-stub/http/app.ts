import accepts from '@fastify/accepts';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Installation } from '../installation.ts';
import { licenseRequestRoutes } from './device/license-requests.ts';
import { openApiRoutes } from './openapi/routes.ts';
import { operationsRoutes } from './operations.ts';
import { installProblems, sendFrameworkError } from './problems.ts';
import { referenceRoutes } from './reference/reference-routes.ts';
import type { Services } from './services.ts';
import { validatorCompiler } from './validator.ts';

/** A request that has not arrived whole after this long is ended, in milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * The HTTP face of the server: one scope for each API, each with its own rules.
 *
 * @param tls certificate and key for HTTPS; plain HTTP without
 */
export async function buildApp(services: Services, tls?: Installation['tls']): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: services.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // A child logger for each request costs more than it tells; what is logged carries the requestId itself.
    childLoggerFactory: (logger) => logger,
    frameworkErrors: sendFrameworkError,
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: 1024 * 1024,
    genReqId: () => crypto.randomUUID(),
    https: tls === undefined ? null : { cert: tls.certificate, key: tls.privateKey, minVersion: 'TLSv1.2' },
  }) as unknown as FastifyInstance;
  app.setValidatorCompiler(validatorCompiler);
  await app.register(accepts);
  installProblems(app);

  referenceRoutes(app);
  operationsRoutes(app, services);
  await app.register(async (scope) => licenseRequestRoutes(scope, services));
  await app.register(async (scope) => openApiRoutes(scope, services));
  return app;
}
