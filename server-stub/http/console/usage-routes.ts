import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { Category, Sku, Validity } from '#core/catalog.ts';
import type { Terms } from '#core/documents/terms.ts';
import { poolsOf, renewalPools } from '../../licensing/pools.ts';
import type { Services } from '../services.ts';
import { CompanyQuery, companyOf } from './company-of.ts';

const Counts = { granted: Type.Integer(), used: Type.Integer() };

/** 用量查看: what was bought, how much of it is reserved and used, and what the ids mean. */
export const Usage = Type.Object({
  companies: Type.Array(Type.Object({ cid: Type.String(), name: Type.String() })),
  apps: Type.Array(
    Type.Object({ cid: Type.String(), appId: Type.String(), vid: Type.String(), name: Type.String() }),
  ),
  products: Type.Array(
    Type.Object({
      pid: Type.String(),
      sku: Sku,
      validity: Validity,
      category: Category,
      label: Type.Optional(Type.String()),
    }),
  ),
  /** Of one App, or (`appId` '') shared. */
  pools: Type.Array(
    Type.Object({
      ...{ cid: Type.String(), pid: Type.String(), appId: Type.String() },
      ...{ ...Counts, allocated: Type.Integer(), overdraft: Type.Integer() },
    }),
  ),
  renewals: Type.Array(
    Type.Object({
      ...{ cid: Type.String(), renewId: Type.String(), pid: Type.String(), appId: Type.String() },
      ...Counts,
    }),
  ),
});
export type Usage = Type.Static<typeof Usage>;

/** `/usage` */
export function usageRoutes(scope: FastifyInstance, { store: { reader } }: Services): void {
  scope.get<{ Querystring: CompanyQuery }>(
    '/usage',
    { config: { role: 'viewer' }, schema: { querystring: CompanyQuery, response: { 200: Usage } } },
    async (request): Promise<Usage> => {
      const cid = companyOf(request, request.query.cid);
      const of = <T extends { where(column: 'cid', sign: '=', value: string): T }>(query: T) =>
        cid === undefined ? query : query.where('cid', '=', cid);
      const terms = await of(reader.selectFrom('terms').select('claims')).orderBy('position').execute();
      return {
        companies: await of(reader.selectFrom('company').select(['cid', 'name']))
          .orderBy('cid')
          .execute(),
        apps: await of(reader.selectFrom('app').select(['cid', 'app_id as appId', 'vid', 'name']))
          .orderBy('name')
          .execute(),
        products: productsOf(terms.map(({ claims }): Terms => JSON.parse(claims))),
        pools: await poolsOf(reader, cid),
        renewals: await renewalPools(reader, cid),
      };
    },
  );
}

/** Each PID once; every line of it says the same of it but for counts and limits. */
function productsOf(lines: readonly Terms[]): Usage['products'] {
  const products = new Map<string, Usage['products'][number]>();
  for (const line of lines) {
    if (line.kind !== 'purchase') continue;
    const { pid, sku, validity, category, label } = line;
    products.set(pid, { pid, sku, validity, category, ...(label !== undefined && { label }) });
  }
  return [...products.values()];
}
