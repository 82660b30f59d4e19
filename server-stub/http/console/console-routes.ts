import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { consoleScope } from './console-scope.ts';
import { licenseRoutes } from './license-routes.ts';
import { oidcRoutes } from './oidc-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { usageRoutes } from './usage-routes.ts';
import { userRoutes } from './user-routes.ts';

/** What the pages of the Console call: `/console/api/…`. */
export async function consoleRoutes(app: FastifyInstance, services: Services): Promise<void> {
  await app.register(
    async (scope) => {
      await consoleScope(scope, services);
      sessionRoutes(scope, services);
      oidcRoutes(scope, services);
      userRoutes(scope, services);
      usageRoutes(scope, services);
      licenseRoutes(scope, services);
    },
    { prefix: '/console/api' },
  );
}
