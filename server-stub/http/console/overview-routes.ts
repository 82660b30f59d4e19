import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { overview } from '../../overview.ts';
import type { Services } from '../services.ts';
import { CompanyQuery, companyOf } from './company-of.ts';
import { Nullable } from './nullable.ts';

const Count = Type.Integer();
const Pool = { cid: Type.String(), pid: Type.String(), appId: Type.String() };

const Notice = Type.Union([
  Type.Object({ kind: Type.Literal('certificate'), cid: Type.String(), endsAt: Nullable(Type.Integer()) }),
  Type.Object({ kind: Type.Literal('quota'), ...Pool, granted: Count, used: Count }),
  Type.Object({ kind: Type.Literal('renewals'), ...Pool, waiting: Count }),
  Type.Object({ kind: Type.Literal('alerts'), channel: Type.String(), failing: Count }),
]);

/** What one sees at a glance. */
export const OverviewView = Type.Object({
  counts: Type.Object({
    ...{ active: Count, expired: Count, suspended: Count, released: Count, transferred: Count },
  }),
  ending: Type.Array(Type.Object({ days: Count, count: Count })),
  activations: Type.Array(Type.Object({ day: Type.String(), count: Count })),
  notices: Type.Array(Notice),
  /** Devices that were not seen for so many days; null: they are being counted. */
  silent: Nullable(Type.Object({ days: Count, count: Count, at: Type.Integer() })),
});
export type OverviewView = Type.Static<typeof OverviewView>;

/** `/overview` */
export function overviewRoutes(scope: FastifyInstance, services: Services): void {
  const { store, clock, config, silentDevices } = services;
  scope.get<{ Querystring: CompanyQuery }>(
    '/overview',
    { config: { role: 'viewer' }, schema: { querystring: CompanyQuery, response: { 200: OverviewView } } },
    async (request): Promise<OverviewView> => {
      const cid = companyOf(request, request.query.cid);
      const { zone, alertQuotaPercent: quotaPercent } = config;
      const { counts, ending, activations, notices } = await overview(store.reader, cid, {
        ...{ now: clock.now(), zone, quotaPercent },
      });
      return {
        counts,
        ending: [...ending],
        activations: [...activations],
        notices: [...notices],
        silent: silentOf(cid),
      };
    },
  );

  function silentOf(cid: string | undefined): OverviewView['silent'] {
    const { counts } = silentDevices;
    if (counts === undefined) return null;
    const { at, days, byCompany } = counts;
    const every = [...byCompany.values()].reduce((sum, count) => sum + count, 0);
    return { at, days, count: cid === undefined ? every : (byCompany.get(cid) ?? 0) };
  }
}
