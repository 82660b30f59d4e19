import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { renew } from '../../licensing/renew.ts';
import type { Services } from '../services.ts';
import { changeRoute } from './change.ts';
import { AppIdParameter, LicenseParameter, RenewIdParameter } from './parameters.ts';

const Query = Type.Object({ appid: AppIdParameter, renewId: RenewIdParameter, license: LicenseParameter });

const RENEWED = { zh: 'license续期成功', en: 'license renewed' };

/** Call 5 of the contract: POST …/renew. */
export function renewRoutes(scope: FastifyInstance, services: Services): void {
  changeRoute(scope, services, {
    path: '/renew',
    query: Query,
    verb: renew,
    request: ({ query: { appid: appId, renewId, license }, caller: { cid }, requester }) => ({
      cid,
      appId,
      renewId,
      license,
      ...requester,
    }),
    success: ({ license, expireTime }) => ({ message: RENEWED, data: { license, expireTime } }),
  });
}
