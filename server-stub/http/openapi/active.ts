import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { parseLicenseKey } from '#core/ids.ts';
import { type ActivationOutcome, activate } from '../../licensing/activate.ts';
import { callerOf } from '../authentication.ts';
import type { Services } from '../services.ts';
import { licenseView } from './license-view.ts';
import { VERSIONS } from './versions.ts';

const Query = Type.Object({
  pid: Type.String({ minLength: 1, maxLength: 64 }),
  licenseKey: Type.String({ minLength: 1, maxLength: 1024 }),
  appid: Type.String({ minLength: 1, maxLength: 64 }),
});

/** Call 1 of the contract: POST …/active. */
export function activeRoutes(scope: FastifyInstance, { batch }: Services): void {
  for (const version of VERSIONS) {
    scope
      .withTypeProvider<TypeBoxTypeProvider>()
      .post(`/dabiz/license/${version}/active`, { schema: { querystring: Query } }, async (request) => {
        const { pid, licenseKey: key, appid: appId } = request.query;
        const { cid, customerId } = callerOf(request);
        const licenseKey = parseLicenseKey(key);
        const actor = `credential:${customerId}`;
        const outcome: ActivationOutcome = await batch.submit(activate, {
          cid,
          appId,
          pid,
          licenseKey,
          actor,
        });
        if (!outcome.ok) throw outcome.error;
        return { code: 200, data: licenseView(outcome.license, outcome.terms) };
      });
  }
}
