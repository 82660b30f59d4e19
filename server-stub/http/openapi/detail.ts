import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { LicenseError } from '#core/errors.ts';
import { findLicense } from '../../licensing/find-license.ts';
import { requireApp } from '../../licensing/require-app.ts';
import { callerOf } from '../authentication.ts';
import type { Services } from '../services.ts';
import { licenseView } from './license-view.ts';
import { AppIdParameter } from './parameters.ts';
import { VERSIONS } from './versions.ts';

const Query = Type.Object({
  appid: AppIdParameter,
  key: Type.String({
    minLength: 1,
    maxLength: 1024,
    description: 'License 值或 LicenseKey · license value or LicenseKey',
    examples: ['SN-0001'],
  }),
});

const OPTIONS = { schema: { querystring: Query }, config: { scope: 'activate' as const } };

/** Call 2 of the contract: GET …/detail, by license value or LicenseKey. */
export function detailRoutes(scope: FastifyInstance, { store }: Services): void {
  for (const version of VERSIONS) {
    scope
      .withTypeProvider<TypeBoxTypeProvider>()
      .get(`/dabiz/license/${version}/detail`, OPTIONS, async (request) => {
        const { appid: appId, key } = request.query;
        await requireApp(store.reader, appId, callerOf(request).cid);
        const found = await findLicense(store.reader, appId, key);
        if (found === undefined) throw new LicenseError('unknown_license');
        return { code: 200, data: licenseView(found.license, found.terms) };
      });
  }
}
