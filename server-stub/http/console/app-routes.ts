import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { Validity } from '#core/catalog.ts';
import { AppId, Id } from '#core/shapes.ts';
import { allocate } from '../../licensing/allocate.ts';
import { allocations } from '../../licensing/allocations.ts';
import { type ListedApp, listApps } from '../../licensing/list-apps.ts';
import { MOST_RENEW_DAYS, setApp } from '../../licensing/set-app.ts';
import { takeBack } from '../../licensing/take-back.ts';
import type { Services } from '../services.ts';
import { appOf } from './app-of.ts';
import { CompanyQuery, companyOf } from './company-of.ts';
import { Nullable } from './nullable.ts';
import { requesterOf } from './requester.ts';

const MOST_SEATS = 100_000_000;
const MOST_SEEN_DAYS = 3650;
const MOST_PAGE = 1_000_000_000;

export const AppParams = Type.Object({ appId: AppId });
export type AppParams = Type.Static<typeof AppParams>;

export const AppView = Type.Object({
  ...{ appId: Type.String(), cid: Type.String(), vid: Type.String(), name: Type.String() },
  /** Whether quota may be reserved for it. */
  preallocation: Type.Boolean(),
  autoRenewDays: Nullable(Type.Integer()),
  autoRenewSeenDays: Nullable(Type.Integer()),
  deviceRenewal: Type.Boolean(),
  /** What is activated where a call names no PID. */
  defaultPid: Nullable(Type.String()),
  /** Licenses that wait for renewal licenses. */
  waiting: Type.Integer(),
});
export const AppList = Type.Object({ apps: Type.Array(AppView) });
export type AppList = Type.Static<typeof AppList>;

/** What is left out stays. */
export const AppChange = Type.Object({
  autoRenewDays: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: MOST_RENEW_DAYS }))),
  autoRenewSeenDays: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: MOST_SEEN_DAYS }))),
  deviceRenewal: Type.Optional(Type.Boolean()),
  defaultPid: Type.Optional(Nullable(Id)),
});

export const SeatMoveBody = Type.Object({
  pid: Id,
  /** Of the shared pool for the App; below 0: back. */
  count: Type.Union([
    Type.Integer({ minimum: 1, maximum: MOST_SEATS }),
    Type.Integer({ minimum: -MOST_SEATS, maximum: -1 }),
  ]),
});
export const SeatsMoved = Type.Object({ granted: Type.Integer(), free: Type.Integer() });
export type SeatsMoved = Type.Static<typeof SeatsMoved>;

const PageQuery = Type.Object({
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_PAGE })),
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
});
export const Allocations = Type.Object({
  count: Type.Integer(),
  list: Type.Array(
    Type.Object({
      ...{ pid: Type.String(), creator: Type.String(), count: Type.Integer(), createdAt: Type.Integer() },
      validity: Validity,
    }),
  ),
});
export type Allocations = Type.Static<typeof Allocations>;

/** `/apps` */
export function appRoutes(scope: FastifyInstance, { store, batch, clock }: Services): void {
  const { reader } = store;

  scope.get<{ Querystring: CompanyQuery }>(
    '/apps',
    { config: { role: 'viewer' }, schema: { querystring: CompanyQuery, response: { 200: AppList } } },
    async (request): Promise<AppList> => {
      const cid = companyOf(request, request.query.cid);
      const apps = await listApps(reader, cid);
      return {
        apps: apps.toSorted(byName).map(({ legacyPid: defaultPid, waiting, ...app }) => ({
          ...app,
          defaultPid,
          waiting: waiting.reduce((sum, { count }) => sum + count, 0),
        })),
      };
    },
  );

  scope.patch<{ Params: AppParams; Body: Type.Static<typeof AppChange> }>(
    '/apps/:appId',
    { config: { role: 'operator' }, schema: { params: AppParams, body: AppChange } },
    async (request, reply) => {
      const { app_id: appId } = await appOf(request, reader, request.params.appId);
      const { autoRenewDays, autoRenewSeenDays, deviceRenewal, defaultPid } = request.body;
      const settings = {
        ...(autoRenewDays !== undefined && { renewDays: autoRenewDays }),
        ...(autoRenewSeenDays !== undefined && { renewSeenDays: autoRenewSeenDays }),
        ...(deviceRenewal !== undefined && { deviceRenewal }),
        ...(defaultPid !== undefined && { legacyPid: defaultPid }),
      };
      if (Object.keys(settings).length > 0)
        await store.write(clock.now(), (transaction) =>
          setApp(transaction, appId, settings, requesterOf(request)),
        );
      return reply.code(204).send();
    },
  );

  scope.post<{ Params: AppParams; Body: Type.Static<typeof SeatMoveBody> }>(
    '/apps/:appId/seats',
    {
      config: { role: 'operator' },
      schema: { params: AppParams, body: SeatMoveBody, response: { 200: SeatsMoved } },
    },
    async (request): Promise<SeatsMoved> => {
      const { cid, app_id: appId } = await appOf(request, reader, request.params.appId);
      const { pid, count } = request.body;
      const requester = requesterOf(request);
      const outcome = await batch.submit(count > 0 ? allocate : takeBack, {
        ...{ cid, appId, pid, count: Math.abs(count), creator: requester.actor.slice('user:'.length) },
        ...requester,
      });
      if (!outcome.ok) throw outcome.error;
      return { granted: outcome.granted, free: outcome.free };
    },
  );

  scope.get<{ Params: AppParams; Querystring: Type.Static<typeof PageQuery> }>(
    '/apps/:appId/allocations',
    {
      config: { role: 'viewer' },
      schema: { params: AppParams, querystring: PageQuery, response: { 200: Allocations } },
    },
    async (request): Promise<Allocations> => {
      const { app_id: appId } = await appOf(request, reader, request.params.appId);
      const { page = 1, size = 20 } = request.query;
      const { count, list } = await allocations(reader, { appId, page, size });
      return { count, list: list.map(({ created_at: createdAt, ...item }) => ({ ...item, createdAt })) };
    },
  );
}

/** As people look for them; ids are in no order that means anything. */
function byName(a: ListedApp, b: ListedApp): number {
  const [one, other] = [a, b].map(({ cid, name }) => `${cid} ${name}`) as [string, string];
  return one < other ? -1 : one > other ? 1 : 0;
}
