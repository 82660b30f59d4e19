import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import type { Validity } from '#core/catalog.ts';
import { localTime } from '#core/local-time.ts';
import { allocations } from '../../licensing/allocations.ts';
import { requireApp } from '../../licensing/require-app.ts';
import { callerOf } from '../authentication.ts';
import type { Services } from '../services.ts';
import { numericId } from './numeric-id.ts';
import { AppIdParameter, PageParameters, PidParameter } from './parameters.ts';
import { VERSIONS } from './versions.ts';

const Query = Type.Object({ appid: AppIdParameter, pid: Type.Optional(PidParameter), ...PageParameters });

/** `type` of the contract by the validity's unit: 1 commercial, 2 trial. */
const TYPES: Readonly<Record<Validity['unit'], 1 | 2>> = { year: 1, month: 2 };

/** Call 4 of the contract: GET …/product/allocations, newest first; v1 names the App's vid too. */
export function allocationsRoutes(scope: FastifyInstance, { store, config: { zone } }: Services): void {
  for (const version of VERSIONS) {
    scope
      .withTypeProvider<TypeBoxTypeProvider>()
      .get(
        `/dabiz/license/${version}/product/allocations`,
        { schema: { querystring: Query } },
        async (request) => {
          const { appid: appId, pid, page = 1, size = 20 } = request.query;
          const app = await requireApp(store.reader, appId, callerOf(request).cid);
          const { count, list } = await allocations(store.reader, { appId, pid, page, size });
          const vid = version === 'v1' ? { vid: numericId(app.vid) } : {};
          const items = list.map((item) => ({
            pid: item.pid,
            type: TYPES[item.validity.unit],
            ...vid,
            creator: item.creator,
            count: item.count,
            createTime: localTime(item.created_at, zone),
          }));
          return { code: 200, data: { count, list: items } };
        },
      );
  }
}
