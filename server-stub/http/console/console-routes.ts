import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { appRoutes } from './app-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { consoleScope } from './console-scope.ts';
import { credentialRoutes } from './credential-routes.ts';
import { deskRoutes } from './desk-routes.ts';
import { enrollmentRoutes } from './enrollment-routes.ts';
import { licenseRoutes } from './license-routes.ts';
import { overviewRoutes } from './overview-routes.ts';
import { preauthorizationRoutes } from './preauthorization-routes.ts';
import { purchaseRoutes } from './purchase-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { settingsRoutes } from './settings-routes.ts';
import { usageRoutes } from './usage-routes.ts';
import { userRoutes } from './user-routes.ts';

/** What the pages of the Console call: `/console/api/…`. */
export async function consoleRoutes(app: FastifyInstance, services: Services): Promise<void> {
  await app.register(
    async (scope) => {
      await consoleScope(scope, services);
      sessionRoutes(scope, services);
      userRoutes(scope, services);
      overviewRoutes(scope, services);
      usageRoutes(scope, services);
      purchaseRoutes(scope, services);
      appRoutes(scope, services);
      enrollmentRoutes(scope, services);
      credentialRoutes(scope, services);
      await preauthorizationRoutes(scope, services);
      licenseRoutes(scope, services);
      bulkRoutes(scope, services);
      deskRoutes(scope, services);
      auditRoutes(scope, services);
      settingsRoutes(scope, services);
    },
    { prefix: '/console/api' },
  );
}
