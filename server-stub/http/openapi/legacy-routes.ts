import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { legacyActivationRoutes } from './legacy-activation.ts';
import { legacyLicensesRoutes } from './legacy-licenses.ts';

/** Calls 14 and 15 of the contract, for older device and query tools. */
export function legacyRoutes(scope: FastifyInstance, services: Services): void {
  legacyActivationRoutes(scope, services);
  legacyLicensesRoutes(scope, services);
}
