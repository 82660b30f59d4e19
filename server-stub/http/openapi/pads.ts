import { Readable } from 'node:stream';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { LicenseError } from '#core/errors.ts';
import { parseLicenseKey } from '#core/ids.ts';
import { localTime } from '#core/local-time.ts';
import { preauthorizationText } from '../../licensing/preauthorization/export-preauthorizations.ts';
import {
  findPreauthorization,
  type PreauthorizedKey,
  pageOfPreauthorizations,
} from '../../licensing/preauthorization/find-preauthorizations.ts';
import { type PreauthorizedApp, preauthorizedApps } from '../../licensing/preauthorization/lists.ts';
import { type Caller, callerOf } from '../authentication.ts';
import type { Services } from '../services.ts';
import { numericId } from './numeric-id.ts';
import { AppIdParameter, LicenseKeyParameter, PageParameters } from './parameters.ts';
import { VERSIONS } from './versions.ts';

const Query = Type.Object({ appid: AppIdParameter });
const SearchQuery = Type.Object({ appid: AppIdParameter, licenseKey: LicenseKeyParameter });
const PageQuery = Type.Object({ appid: AppIdParameter, ...PageParameters });

/** Calls 11, 12 and 13 of the contract: an App's preauthorized LicenseKeys, one, by page and all. */
export function padsRoutes(scope: FastifyInstance, { store, config: { zone } }: Services): void {
  const typed = scope.withTypeProvider<TypeBoxTypeProvider>();

  const appOf = async (appId: string, { cid }: Caller): Promise<PreauthorizedApp> => {
    const app = (await preauthorizedApps(store.reader, [appId])).get(appId);
    if (app?.cid !== cid) throw new LicenseError('unknown_app', { appId });
    return app;
  };
  const viewOf =
    ({ cid, vid }: PreauthorizedApp) =>
    ({ seq, license_key, created_at }: PreauthorizedKey) => ({
      id: seq,
      cid: numericId(cid),
      vid: numericId(vid),
      licenseKey: license_key,
      createTime: localTime(created_at, zone),
    });

  for (const version of VERSIONS) {
    const base = `/dabiz/license/${version}`;
    typed.get(`${base}/pads/search`, { schema: { querystring: SearchQuery } }, async (request) => {
      const { appid: appId, licenseKey } = request.query;
      const app = await appOf(appId, callerOf(request));
      const key = parseLicenseKey(licenseKey);
      const found = app.list && (await findPreauthorization(store.reader, app.list.list, key));
      return { code: 200, data: found === undefined ? [] : [viewOf(app)(found)] };
    });

    typed.get(`${base}/pads`, { schema: { querystring: PageQuery } }, async (request) => {
      const { appid: appId, page = 1, size = 20 } = request.query;
      const app = await appOf(appId, callerOf(request));
      if (app.list === undefined) return { code: 200, data: { count: 0, list: [] } };
      const { count, keys } = await pageOfPreauthorizations(store.reader, app.list.list, page, size);
      return { code: 200, data: { count, list: keys.map(viewOf(app)) } };
    });

    // HEAD would walk through all of it for nothing.
    const options = { schema: { querystring: Query }, exposeHeadRoute: false };
    typed.get(`${base}/pads/export`, options, async (request, reply) => {
      const { list } = await appOf(request.query.appid, callerOf(request));
      reply.type('text/plain; charset=utf-8');
      if (list === undefined) return '';
      const pieces = preauthorizationText(store.reader, list.list);
      // What is small leaves in one write with its length. Source: contract, Common "Transport".
      const first = await pieces.next();
      if (first.done) return '';
      const second = await pieces.next();
      if (second.done) return first.value;
      return reply.send(Readable.from(restOf([first.value, second.value], pieces)));
    });
  }
}

/** The pieces that were looked at, then the others as they are asked for. */
async function* restOf(looked: readonly string[], pieces: AsyncIterable<string>): AsyncGenerator<string> {
  yield* looked;
  yield* pieces;
}
