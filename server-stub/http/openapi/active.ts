import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { parseLicenseKey } from '#core/ids.ts';
import { activate } from '../../licensing/activate.ts';
import type { Services } from '../services.ts';
import { changeRoute } from './change.ts';
import { licenseView } from './license-view.ts';
import { AppIdParameter, LicenseKeyParameter, PidParameter } from './parameters.ts';

const Query = Type.Object({ pid: PidParameter, licenseKey: LicenseKeyParameter, appid: AppIdParameter });

/** Call 1 of the contract: POST …/active. */
export function activeRoutes(scope: FastifyInstance, services: Services): void {
  changeRoute(scope, services, {
    path: '/active',
    query: Query,
    scope: 'activate',
    verb: activate,
    request: ({ query: { pid, licenseKey, appid: appId }, caller: { cid }, requester }) => ({
      cid,
      appId,
      pid,
      licenseKey: parseLicenseKey(licenseKey),
      ...requester,
    }),
    success: ({ license, terms }) => ({ data: licenseView(license, terms) }),
  });
}
