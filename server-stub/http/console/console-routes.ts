import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { consoleScope } from './console-scope.ts';
import { sessionRoutes } from './session-routes.ts';

/** What the pages of the Console call: `/console/api/…`. */
export async function consoleRoutes(app: FastifyInstance, services: Services): Promise<void> {
  await app.register(
    async (scope) => {
      await consoleScope(scope, services);
      sessionRoutes(scope, services);
    },
    { prefix: '/console/api' },
  );
}
