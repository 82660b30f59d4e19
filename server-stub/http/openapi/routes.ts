import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { activeRoutes } from './active.ts';
import { activeBatchRoutes } from './active-batch.ts';
import { allocateRoutes } from './allocate.ts';
import { allocationsRoutes } from './allocations.ts';
import { detailRoutes } from './detail.ts';
import { legacyRoutes } from './legacy-routes.ts';
import { openApiScope } from './open-api-scope.ts';
import { padChangeRoutes } from './pad-changes.ts';
import { padUploadRoutes } from './pad-upload.ts';
import { padUploadsRoutes } from './pad-uploads.ts';
import { padsRoutes } from './pads.ts';
import { renewRoutes } from './renew.ts';

/** The OpenAPI: authenticated, rate-limited per company and endpoint, in the contract's envelope. */
export async function openApiRoutes(scope: FastifyInstance, services: Services): Promise<void> {
  await openApiScope(scope, services);
  activeRoutes(scope, services);
  activeBatchRoutes(scope, services);
  detailRoutes(scope, services);
  allocateRoutes(scope, services);
  allocationsRoutes(scope, services);
  renewRoutes(scope, services);
  padChangeRoutes(scope, services);
  await padUploadRoutes(scope, services);
  padUploadsRoutes(scope, services);
  padsRoutes(scope, services);
  legacyRoutes(scope, services);
}
