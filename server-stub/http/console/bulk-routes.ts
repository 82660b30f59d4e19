import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { LicenseError } from '#core/errors.ts';
import { Id } from '#core/shapes.ts';
import {
  type BulkChange,
  type BulkSource,
  bulkChange,
  bulkChanges,
  UNDO,
} from '../../licensing/bulk/bulk-change.ts';
import { bulkReport, problemText, troubledItems } from '../../licensing/bulk/bulk-report.ts';
import { ACTS, type LicenseVerb } from '../../licensing/license-acts.ts';
import { type LicenseRow, parseLicenseRows } from '../../licensing/license-rows.ts';
import { languageOf } from '../problems.ts';
import type { Services } from '../services.ts';
import { companyOf } from './company-of.ts';
import { userOfCall } from './console-scope.ts';
import { filterOf, LicenseFilterShape } from './license-routes.ts';
import { Nullable } from './nullable.ts';

/** A list of 100,000 rows fits. */
const LIST_BYTES = 16 * 1024 * 1024;
const SHOWN_TROUBLES = 20;
const VerbName = Type.Unsafe<LicenseVerb>(Type.Enum(Object.keys(ACTS) as LicenseVerb[]));
const Word = Type.Optional(Type.String({ maxLength: 400 }));

/** Which licenses, one of: by filter, by a list (CSV), or what another bulk change did, to undo it. */
export const BulkBody = Type.Object({
  verb: Type.Optional(VerbName),
  filter: Type.Optional(Type.Object(LicenseFilterShape)),
  list: Type.Optional(
    Type.Object({
      name: Type.String({ minLength: 1, maxLength: 255 }),
      text: Type.String({ minLength: 1, maxLength: LIST_BYTES }),
    }),
  ),
  undoOf: Type.Optional(Id),
  renewId: Type.Optional(Id),
  ...{ label: Word, group: Word },
});
type BulkBody = Type.Static<typeof BulkBody>;

export const BulkView = Type.Object({
  ...{ bulkId: Type.String(), user: Type.String(), verb: VerbName },
  source: Type.Enum(['filter', 'file', 'undo']),
  state: Type.Enum(['gathering', 'ready', 'running', 'ended', 'cancelled']),
  ...{ fits: Type.Integer(), same: Type.Integer(), refused: Type.Integer() },
  ...{ changed: Type.Integer(), failed: Type.Integer() },
  ...{ createdAt: Type.Integer(), endedAt: Nullable(Type.Integer()) },
  /** By what it may be undone. */
  undo: Nullable(VerbName),
});
export type BulkView = Type.Static<typeof BulkView>;
export const BulkList = Type.Object({ bulkChanges: Type.Array(BulkView) });
export type BulkList = Type.Static<typeof BulkList>;
export const BulkDetail = Type.Object({
  bulk: BulkView,
  /** The first of those that are refused or failed. */
  troubles: Type.Array(Type.Object({ name: Type.String(), problem: Type.String() })),
});
export type BulkDetail = Type.Static<typeof BulkDetail>;

const BulkParams = Type.Object({ bulkId: Id });
type BulkParams = Type.Static<typeof BulkParams>;

/** `/bulk-changes`: many licenses at once, looked at before they are changed. */
export function bulkRoutes(scope: FastifyInstance, { store, clock, bulkWork }: Services): void {
  const { reader } = store;
  const found = (request: FastifyRequest, { bulkId }: BulkParams) =>
    bulkChange(reader, bulkId, companyOf(request));

  scope.get(
    '/bulk-changes',
    { config: { role: 'viewer' }, schema: { response: { 200: BulkList } } },
    async (request): Promise<BulkList> => ({
      bulkChanges: (await bulkChanges(reader, companyOf(request))).map(viewOf),
    }),
  );

  scope.get<{ Params: BulkParams }>(
    '/bulk-changes/:bulkId',
    { config: { role: 'viewer' }, schema: { params: BulkParams, response: { 200: BulkDetail } } },
    async (request): Promise<BulkDetail> => {
      const bulk = await found(request, request.params);
      const items = await troubledItems(reader, bulk.bulk_id, SHOWN_TROUBLES);
      const language = languageOf(request);
      const troubles = items.map((item) => ({ name: item.name, problem: problemText(item, language) }));
      return { bulk: viewOf(bulk), troubles };
    },
  );

  scope.get<{ Params: BulkParams }>(
    '/bulk-changes/:bulkId/report.csv',
    { config: { role: 'viewer' }, exposeHeadRoute: false, schema: { params: BulkParams } },
    async (request, reply) => {
      const { bulk_id: id } = await found(request, request.params);
      reply.type('text/csv; charset=utf-8');
      reply.header('content-disposition', `attachment; filename="bulk-${id}.csv"`);
      return reply.send(Readable.from(bulkReport(reader, id, languageOf(request))));
    },
  );

  scope.post<{ Body: BulkBody }>(
    '/bulk-changes',
    {
      config: { role: 'operator' },
      bodyLimit: 2 * LIST_BYTES,
      schema: { body: BulkBody, response: { 201: BulkView } },
    },
    async (request, reply) => {
      const { name: userName } = userOfCall(request);
      const { renewId, label, group } = request.body;
      const { verb, source, list } = await wished(request);
      const cid = companyOf(request) ?? null;
      const wish = { cid, userName, verb, source, wish: { renewId, label, group } };
      const id = await bulkWork.create(wish, list);
      return reply.code(201).send(viewOf(await bulkChange(reader, id)));
    },
  );

  for (const [verb, act] of [
    ['start', (bulk: BulkChange) => bulkWork.start(bulk)],
    ['cancel', (bulk: BulkChange) => bulkWork.cancel(bulk)],
  ] as const)
    scope.post<{ Params: BulkParams }>(
      `/bulk-changes/:bulkId/${verb}`,
      { config: { role: 'operator' }, schema: { params: BulkParams, response: { 200: BulkView } } },
      async (request): Promise<BulkView> => {
        await act(await found(request, request.params));
        return viewOf(await found(request, request.params));
      },
    );

  /** What is to be done with which licenses. */
  async function wished(
    request: FastifyRequest<{ Body: BulkBody }>,
  ): Promise<{ verb: LicenseVerb; source: BulkSource; list?: LicenseRow[] }> {
    const { verb, filter, list, undoOf, label, group } = request.body;
    if (undoOf !== undefined) {
      const of = await bulkChange(reader, undoOf, companyOf(request));
      const undo = UNDO[of.verb];
      if (undo === undefined || !['ended', 'cancelled'].includes(of.state))
        throw invalid('undoOf', { en: 'cannot be undone', zh: '无法撤销' });
      return { verb: undo, source: { kind: 'undo', of: undoOf } };
    }
    if (verb === undefined || (filter === undefined) === (list === undefined))
      throw invalid('filter', {
        en: 'give a verb, and a filter or a list',
        zh: '请指定操作，以及筛选条件或列表',
      });
    if (list !== undefined) {
      const rows = parseLicenseRows(list.text, list.name, columnsOf(request.body));
      return { verb, source: { kind: 'file', name: list.name, rows: rows.length }, list: rows };
    }
    if (verb === 'transfer')
      throw invalid('filter', {
        en: 'does not say where each license moves to',
        zh: '无法指定各许可证的目标',
      });
    if (verb === 'label' && label === undefined && group === undefined)
      throw invalid('label', { en: 'give a label or a group', zh: '请指定备注或分组' });
    return { verb, source: { kind: 'filter', filter: filterOf(request, filter ?? {}, clock.now()) } };
  }
}

/** A label that holds for all need not stand in the list. */
function columnsOf({ verb, label, group }: BulkBody) {
  const isSaid = verb === 'label' && (label !== undefined || group !== undefined);
  return verb === undefined || isSaid ? [] : (ACTS[verb].columns ?? []);
}

function invalid(name: string, problem: { en: string; zh: string }): LicenseError {
  return new LicenseError('parameter_invalid', { name, problem });
}

function viewOf({ bulk_id, user_name, created_at, ended_at, source, ...rest }: BulkChange): BulkView {
  const { verb, state, fits, same, refused, changed, failed } = rest;
  return {
    ...{ bulkId: bulk_id, user: user_name, verb, state, source: source.kind },
    ...{ fits, same, refused, changed, failed, createdAt: created_at, endedAt: ended_at },
    undo: changed > 0 && ['ended', 'cancelled'].includes(state) ? (UNDO[verb] ?? null) : null,
  };
}
