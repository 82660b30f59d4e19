import accepts from '@fastify/accepts';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Installation } from '../installation.ts';
import { logAccess } from './access-log.ts';
import { answerClientError, refuseExpectation } from './client-errors.ts';
import { consoleRoutes } from './console/console-routes.ts';
import { consolePages } from './console/pages.ts';
import { licenseRequestRoutes } from './device/license-requests.ts';
import { allowLongRequests } from './long-requests.ts';
import { legacyRoutes } from './openapi/legacy-routes.ts';
import { openApiScope } from './openapi/open-api-scope.ts';
import { openApiRoutes } from './openapi/routes.ts';
import { operationsRoutes } from './operations.ts';
import { installProblems, sendFrameworkError } from './problems.ts';
import { referenceRoutes } from './reference/reference-routes.ts';
import type { Services } from './services.ts';
import { SpelledResponse } from './spelled-response.ts';
import { validatorCompiler } from './validator.ts';

/** For strict old clients: header names as their documents spell them, and no demand for a Host. */
const LENIENT = { ServerResponse: SpelledResponse, requireHostHeader: false };

/** A request that has not arrived whole after this long is ended, in milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * The HTTP face of the server: one scope for each API, each with its own rules.
 *
 * @param tls certificate and key for HTTPS; plain HTTP without
 */
export async function buildApp(services: Services, tls?: Installation['tls']): Promise<FastifyInstance> {
  const app = await bareApp(services, tls);
  referenceRoutes(app);
  operationsRoutes(app, services);
  await app.register(async (scope) => licenseRequestRoutes(scope, services));
  await app.register(async (scope) => openApiRoutes(scope, services));
  await consoleRoutes(app, services);
  await consolePages(app);
  return app;
}

/**
 * What device tools without TLS reach, over plain HTTP: calls 14 and 15 alone, for credentials of scope `activate`
 * alone. Source: contract, Common "Transport".
 */
export async function buildLegacyApp(services: Services): Promise<FastifyInstance> {
  const app = await bareApp(services);
  await app.register(async (scope) => {
    await openApiScope(scope, services, { only: 'activate' });
    legacyRoutes(scope, services);
  });
  return app;
}

/** An app without routes: how requests are received, failures answered and lines logged. */
async function bareApp(services: Services, tls?: Installation['tls']): Promise<FastifyInstance> {
  const { trustedProxies } = services.config;
  const app = fastify({
    loggerInstance: services.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    // A child logger for each request costs more than it tells; what is logged carries the requestId itself.
    childLoggerFactory: (logger) => logger,
    frameworkErrors: sendFrameworkError,
    clientErrorHandler: answerClientError,
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: 1024 * 1024,
    genReqId: () => crypto.randomUUID(),
    ...(trustedProxies.length > 0 && { trustProxy: trustedProxies }),
    ...(tls === undefined
      ? { http: LENIENT }
      : { https: { ...LENIENT, cert: tls.certificate, key: tls.privateKey, minVersion: 'TLSv1.2' } }),
  }) as unknown as FastifyInstance;
  allowLongRequests(app.server);
  app.server.on('checkExpectation', refuseExpectation);
  app.setValidatorCompiler(validatorCompiler);
  await app.register(accepts);
  installProblems(app);
  if (services.accessLog !== undefined) logAccess(app, services.accessLog);
  return app;
}
