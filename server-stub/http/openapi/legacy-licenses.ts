import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { type LicenseRecord, licenseRecords } from '../../licensing/license-records.ts';
import { callerOf } from '../authentication.ts';
import type { Services } from '../services.ts';
import { AppIdParameter } from './parameters.ts';

const Params = Type.Object({ appid: AppIdParameter });
const Query = Type.Object({
  pageNumber: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      description:
        '页码，从 1 开始；不填则一页返回全部，至多 1,000 条 · page, from 1; without it all come in one, at most 1,000',
    }),
  ),
  pageSize: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description: '每页条数，默认 20 · items in a page, 20 if not said',
    }),
  ),
});

const DEFAULT_PAGE_SIZE = 20;
/** What comes at most where no page is asked for. */
const ALL = 1000;

/** Call 15 of the contract: the licenses of an App, for the older query tools; members in exactly its order. */
export function legacyLicensesRoutes(scope: FastifyInstance, { store }: Services): void {
  const options = {
    schema: { params: Params, querystring: Query },
    config: { scope: 'activate' as const },
  };
  scope.get('/dev/v3/apps/:appid/licenses', options, async (request) => {
    const { appid: appId } = request.params as Type.Static<typeof Params>;
    const { pageNumber, pageSize = DEFAULT_PAGE_SIZE } = request.query as Type.Static<typeof Query>;
    const size = pageNumber === undefined ? ALL : pageSize;
    const skipped = ((pageNumber ?? 1) - 1) * size;
    const { cid } = callerOf(request);
    const { total, records } = await licenseRecords(store.reader, cid, appId, skipped + 1, size);
    return {
      totalSize: pageNumber === undefined ? records.length : total,
      pageSize: size,
      pageNumber: pageNumber ?? 1,
      hasMore: skipped + records.length < total,
      elements: records.map(elementOf),
    };
  });
}

/** A license that its device gave up is not activated; it was all the same. */
function elementOf({ license, months }: LicenseRecord) {
  const activatedTime = license.activation_time * 1000;
  const activated = license.state !== 'released';
  return {
    custom: license.license_key,
    records: [
      {
        createdTime: activatedTime,
        validityPeriod: months,
        activatedTime: activated ? activatedTime : null,
        activated,
      },
    ],
  };
}
