import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Kysely } from 'kysely';
import * as Type from 'typebox';
import { LicenseError, messageOf } from '#core/errors.ts';
import { zonedTime } from '#core/local-time.ts';
import { Cid } from '#core/shapes.ts';
import { BYTE_ORDER_MARK, csvRow } from '../../csv.ts';
import { type AuditFilter, auditRows } from '../../licensing/audit-rows.ts';
import type { TrailCheck } from '../../licensing/trail-checks.ts';
import type { Schema } from '../../store/schema.ts';
import { languageOf } from '../problems.ts';
import type { Services } from '../services.ts';
import { companyOf } from './company-of.ts';
import { Nullable } from './nullable.ts';

const MOST_ROWS = 100;
const EXPORT_ROWS = 1000;
const Text = Type.Optional(Type.String({ minLength: 1, maxLength: 512 }));
const Time = Type.Optional(Type.Integer({ minimum: 0 }));

const Filter = {
  /** A trail is a company's. */
  cid: Cid,
  /** `license.activate`, or its beginning. */
  action: Text,
  /** `user:NAME`, or its beginning. */
  actor: Text,
  subject: Text,
  ...{ from: Time, before: Time },
};
export const AuditQuery = Type.Object({
  ...Filter,
  /** The `next` of the page before. */
  below: Type.Optional(Type.Integer({ minimum: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_ROWS })),
});
const ExportQuery = Type.Object(Filter);

export const AuditPage = Type.Object({
  rows: Type.Array(
    Type.Object({
      ...{ seq: Type.Integer(), at: Type.Integer(), actor: Type.String() },
      ...{ action: Type.String(), subject: Type.String() },
      detail: Type.Record(Type.String(), Type.Unknown()),
    }),
    { maxItems: MOST_ROWS },
  ),
  /** Where to go on; null: this was the last. A page may hold fewer than asked for, none even, and go on. */
  next: Nullable(Type.Integer()),
});
export type AuditPage = Type.Static<typeof AuditPage>;

export const TrailCheckQuery = Type.Object({ cid: Cid });
type TrailCheckQuery = Type.Static<typeof TrailCheckQuery>;
export const TrailCheckView = Type.Object({
  check: Nullable(
    Type.Object({
      ...{ startedAt: Type.Integer(), endedAt: Nullable(Type.Integer()) },
      ...{ rows: Type.Integer(), of: Type.Integer(), brokenAt: Nullable(Type.Integer()) },
      /** Why it could not be checked to the end. */
      problem: Nullable(Type.String()),
    }),
  ),
});
export type TrailCheckView = Type.Static<typeof TrailCheckView>;

/** `/audit` */
export function auditRoutes(scope: FastifyInstance, { store, config, trailChecks }: Services): void {
  const { reader } = store;

  scope.get<{ Querystring: Type.Static<typeof AuditQuery> }>(
    '/audit',
    { config: { role: 'viewer' }, schema: { querystring: AuditQuery, response: { 200: AuditPage } } },
    async (request): Promise<AuditPage> => {
      const { cid, below, limit = MOST_ROWS, ...filter } = request.query;
      await requireCompany(request, cid);
      const { rows, next = null } = await auditRows(reader, cid, filter, { below, limit });
      return { rows: rows.map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) })), next };
    },
  );

  scope.get<{ Querystring: Type.Static<typeof ExportQuery> }>(
    '/audit.csv',
    { config: { role: 'viewer' }, exposeHeadRoute: false, schema: { querystring: ExportQuery } },
    async (request, reply) => {
      const { cid, ...filter } = request.query;
      await requireCompany(request, cid);
      reply.type('text/csv; charset=utf-8');
      reply.header('content-disposition', `attachment; filename="audit-${cid}.csv"`);
      return reply.send(Readable.from(auditCsv(reader, cid, filter, config.zone)));
    },
  );

  scope.get<{ Querystring: TrailCheckQuery }>(
    '/audit/check',
    {
      config: { role: 'viewer' },
      schema: { querystring: TrailCheckQuery, response: { 200: TrailCheckView } },
    },
    async (request): Promise<TrailCheckView> => {
      await requireCompany(request, request.query.cid);
      return viewOf(request, trailChecks.of(request.query.cid));
    },
  );

  scope.post<{ Body: TrailCheckQuery }>(
    '/audit/check',
    { config: { role: 'operator' }, schema: { body: TrailCheckQuery, response: { 202: TrailCheckView } } },
    async (request, reply) => {
      await requireCompany(request, request.body.cid);
      return reply.code(202).send(viewOf(request, await trailChecks.start(request.body.cid)));
    },
  );

  async function requireCompany(request: FastifyRequest, cid: string): Promise<void> {
    companyOf(request, cid);
    const known = await reader.selectFrom('company').select('cid').where('cid', '=', cid).executeTakeFirst();
    if (known === undefined) throw new LicenseError('unknown_company', { cid });
  }
}

function viewOf(request: FastifyRequest, check: TrailCheck | undefined): TrailCheckView {
  if (check === undefined) return { check: null };
  const { error, ...rest } = check;
  return { check: { ...rest, problem: error && messageOf(error, languageOf(request)) } };
}

/** The rows that a filter matches, the newest first; between two pieces others have their turn. */
async function* auditCsv(
  reader: Kysely<Schema>,
  cid: string,
  filter: AuditFilter,
  zone: string,
): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + csvRow(['time', 'row', 'action', 'subject', 'by', 'detail', 'hash']);
  for (let below: number | undefined; ; ) {
    const { rows, next } = await auditRows(reader, cid, filter, { below, limit: EXPORT_ROWS });
    yield rows
      .map(({ at, seq, action, subject, actor, detail, hash }) =>
        csvRow([zonedTime(at, zone), seq, action, subject, actor, detail, hash]),
      )
      .join('');
    if (next === undefined) return;
    below = next;
    await new Promise((turn) => setImmediate(turn));
  }
}
