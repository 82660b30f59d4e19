import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { parseLicenseKey } from '#core/ids.ts';
import { clearPreauthorizations } from '../../licensing/preauthorization/clear-preauthorizations.ts';
import { deletePreauthorizations } from '../../licensing/preauthorization/delete-preauthorizations.ts';
import { preauthorize } from '../../licensing/preauthorization/preauthorize.ts';
import { switchPreauthorization } from '../../licensing/preauthorization/switch-preauthorization.ts';
import type { Services } from '../services.ts';
import { changeRoute } from './change.ts';
import { AppIdParameter, LicenseKeyParameter } from './parameters.ts';

const Query = Type.Object({ appid: AppIdParameter });
const KeyQuery = Type.Object({ appid: AppIdParameter, licenseKey: LicenseKeyParameter });
/** LicenseKeys; a number stands for its digits. */
const Deletion = Type.Object({
  ids: Type.Array(
    Type.Union([
      Type.String({ minLength: 1, maxLength: 1024 }),
      Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
    ]),
    {
      minItems: 1,
      maxItems: 1000,
      description: 'LicenseKey；数字按其十进制写法 · LicenseKeys; a number stands for its digits',
      examples: [['SN-0001', 10002]],
    },
  ),
});
const DELETION_BYTES = 1024 * 1024;

/** Calls 6, 7, 9 and 10 of the contract: what changes an App's preauthorization, but for the upload. */
export function padChangeRoutes(scope: FastifyInstance, services: Services): void {
  changeRoute(scope, services, {
    path: '/vendor/pad/switch',
    query: Query,
    verb: switchPreauthorization,
    request: ({ query: { appid: appId }, caller: { cid }, requester }) => ({ cid, appId, ...requester }),
    success: ({ enabled }) => ({
      message: { zh: '配置成功！', en: `preauthorization is ${enabled ? 'on' : 'off'}` },
      data: { enabled },
    }),
  });
  changeRoute(scope, services, {
    path: '/pad/add',
    query: KeyQuery,
    verb: preauthorize,
    request: ({ query: { appid: appId, licenseKey }, caller: { cid }, requester }) => ({
      cid,
      appId,
      licenseKey: parseLicenseKey(licenseKey),
      ...requester,
    }),
    success: () => ({ message: { zh: '增加单个预授权成功', en: 'LicenseKey preauthorized' } }),
  });
  changeRoute(scope, services, {
    path: '/pad/delete',
    query: Query,
    body: Deletion,
    bodyLimit: DELETION_BYTES,
    verb: deletePreauthorizations,
    request: ({ query: { appid: appId }, body: { ids }, caller: { cid }, requester }) => ({
      cid,
      appId,
      licenseKeys: ids.map((id) => parseLicenseKey(String(id))),
      ...requester,
    }),
    success: ({ deleted }) => ({
      message: { zh: '删除预授权成功', en: 'preauthorizations deleted' },
      data: { deleted },
    }),
  });
  changeRoute(scope, services, {
    path: '/pad/clear',
    query: Query,
    verb: clearPreauthorizations,
    request: ({ query: { appid: appId }, caller: { cid }, requester }) => ({ cid, appId, ...requester }),
    success: ({ cleared }) => ({
      message: { zh: '清空预授权成功', en: 'all preauthorizations deleted' },
      data: { cleared },
    }),
  });
}
