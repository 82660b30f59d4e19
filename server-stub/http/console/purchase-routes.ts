import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { Category, Sku, Validity } from '#core/catalog.ts';
import { grantDocument } from '#core/documents/grant.ts';
import { type Imported, importDocument } from '../../licensing/import-document.ts';
import { purchases } from '../../licensing/purchases.ts';
import { settleKeys } from '../../settle-keys.ts';
import { RolledBack } from '../../store/rolled-back.ts';
import type { Services } from '../services.ts';
import { CompanyQuery, companyOf } from './company-of.ts';
import { Nullable } from './nullable.ts';
import { actorOf } from './requester.ts';

const Line = {
  ...{ termsId: Type.String(), grantId: Type.String(), pid: Type.String() },
  /** Of any App of the company where it is left out. */
  appId: Type.Optional(Type.String()),
  ...{ count: Type.Integer(), used: Type.Integer(), withdrawn: Type.Boolean(), validity: Validity },
  label: Type.Optional(Type.String()),
};

/** 购买记录: grants, what they sold, and what is left of it. */
export const Purchases = Type.Object({
  grants: Type.Array(
    Type.Object({
      ...{ grantId: Type.String(), cid: Type.String(), importedAt: Type.Integer() },
      replacedBy: Nullable(Type.String()),
    }),
  ),
  lines: Type.Array(
    Type.Union([
      Type.Object({ kind: Type.Literal('purchase'), ...Line, sku: Sku, category: Category }),
      Type.Object({ kind: Type.Literal('renewal'), ...Line, renewId: Type.String() }),
    ]),
  ),
});
export type Purchases = Type.Static<typeof Purchases>;

const ImportQuery = Type.Object({ preview: Type.Optional(Type.Boolean()) });
export const ImportBody = Type.Object({
  /** Of the file, for messages. */
  name: Type.String({ minLength: 1, maxLength: 255 }),
  text: Type.String({ minLength: 1, maxLength: grantDocument.maxBytes + 2 }),
});

/** What a document holds, and whether it changes anything here. */
export const ImportView = Type.Union([
  Type.Object({
    kind: Type.Literal('grant'),
    ...{ cid: Type.String(), grantId: Type.String(), changed: Type.Boolean() },
    lines: Type.Array(
      Type.Object({
        kind: Type.Enum(['purchase', 'renewal']),
        ...{ termsId: Type.String(), pid: Type.String(), count: Type.Integer() },
        appId: Type.Optional(Type.String()),
      }),
    ),
  }),
  Type.Object({
    kind: Type.Literal('certificate'),
    ...{ cid: Type.String(), serial: Type.Integer(), exp: Type.Integer(), changed: Type.Boolean() },
  }),
  Type.Object({
    kind: Type.Literal('roots'),
    ...{ version: Type.Integer(), root: Type.String(), waiting: Type.Array(Type.String()) },
    changed: Type.Boolean(),
  }),
]);
export type ImportView = Type.Static<typeof ImportView>;

/** `/purchases`, `/documents` */
export function purchaseRoutes(scope: FastifyInstance, services: Services): void {
  const { store, clock, issuer, installation, config } = services;
  scope.get<{ Querystring: CompanyQuery }>(
    '/purchases',
    { config: { role: 'viewer' }, schema: { querystring: CompanyQuery, response: { 200: Purchases } } },
    async (request) => purchases(store.reader, companyOf(request, request.query.cid)),
  );

  scope.post<{ Querystring: Type.Static<typeof ImportQuery>; Body: Type.Static<typeof ImportBody> }>(
    '/documents',
    {
      bodyLimit: 2 * grantDocument.maxBytes,
      schema: { querystring: ImportQuery, body: ImportBody, response: { 200: ImportView } },
    },
    async (request): Promise<Imported> => {
      const { name: where, text } = request.body;
      const { preview = false } = request.query;
      const { roots: pinned } = installation;
      const imported = await RolledBack.where<Imported>(preview, (end) =>
        store.write(clock.now(), async (transaction) =>
          end(await importDocument(transaction, text.trim(), { where, issuer, pinned }, actorOf(request))),
        ),
      );
      if (!preview) await settleKeys(store, config.stateDir, clock.now());
      return imported;
    },
  );
}
