import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { Category } from '#core/catalog.ts';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { parseLicenseKey } from '#core/ids.ts';
import { AppId, Cid, Id } from '#core/shapes.ts';
import type { Verb } from '../../licensing/batch.ts';
import { changeLicenses, type LicenseOutcome, licensesByValue } from '../../licensing/change-licenses.ts';
import { findLicenses } from '../../licensing/find-licenses.ts';
import { ACTS, type ActWish, type LicenseVerb } from '../../licensing/license-acts.ts';
import { licenseCsv } from '../../licensing/license-csv.ts';
import { licenseDetail } from '../../licensing/license-detail.ts';
import { licenseFacts } from '../../licensing/license-facts.ts';
import { LISTED_STATES, type LicenseFilter, type ListedState } from '../../licensing/license-filter.ts';
import type { LicenseTable } from '../../store/schema.ts';
import { addressOf } from '../remote-address.ts';
import type { Services } from '../services.ts';
import { companyOf } from './company-of.ts';
import { Nullable } from './nullable.ts';
import { actorOf } from './requester.ts';

/** Rows of a page: a list never holds more. */
const MOST_ROWS = 100;
const DAY = 86_400;
const Days = Type.Integer({ minimum: 1, maximum: 3660 });
const State = Type.Unsafe<ListedState>(Type.Enum([...LISTED_STATES]));

/** What is left out matches everything. */
export const LicenseFilterShape = {
  cid: Type.Optional(Cid),
  appId: Type.Optional(AppId),
  pid: Type.Optional(Id),
  state: Type.Optional(State),
  /** '' = those in no group. */
  group: Type.Optional(Type.String({ maxLength: 100 })),
  /** Beginning of a LicenseKey or of a license value. */
  key: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  endingWithinDays: Type.Optional(Days),
  unseenForDays: Type.Optional(Days),
};
type Filter = Type.Static<Type.TObject<typeof LicenseFilterShape>>;
const ExportQuery = Type.Object(LicenseFilterShape);

export const LicenseQuery = Type.Object({
  ...LicenseFilterShape,
  /** The `next` of the page before. */
  after: Type.Optional(Type.String({ maxLength: 1024 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_ROWS })),
});

export const LicenseView = Type.Object({
  license: Type.String(),
  licenseKey: Type.String(),
  cid: Type.String(),
  appId: Type.String(),
  pid: Type.String(),
  category: Category,
  state: Type.Enum(['active', 'expired', 'suspended', 'released', 'transferred']),
  activationTime: Type.Integer(),
  expireTime: Type.Integer(),
  renewals: Type.Integer(),
  device: Nullable(Type.String()),
  lastSeenAt: Nullable(Type.Integer()),
  agentVersion: Nullable(Type.String()),
  label: Type.String(),
  group: Type.String(),
});
export type LicenseView = Type.Static<typeof LicenseView>;

export const LicensePage = Type.Object({
  licenses: Type.Array(LicenseView, { maxItems: MOST_ROWS }),
  /** Where to go on; null: this was the last. A page may hold fewer than asked for, none even, and go on. */
  next: Nullable(Type.String()),
});
export type LicensePage = Type.Static<typeof LicensePage>;

/** All that is known of one license, and what happened to it. */
export const LicenseDetail = Type.Object({
  license: LicenseView,
  appName: Type.String(),
  transfers: Type.Integer(),
  transfersPerYear: Type.Integer(),
  minutesUsed: Type.Integer(),
  sessions: Type.Integer(),
  timeline: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      at: Type.Integer(),
      actor: Type.String(),
      action: Type.String(),
      detail: Type.Record(Type.String(), Type.Unknown()),
    }),
  ),
});
export type LicenseDetail = Type.Static<typeof LicenseDetail>;

const LicenseParams = Type.Object({ license: Id });
const ActParams = Type.Object({
  license: Id,
  verb: Type.Unsafe<LicenseVerb>(Type.Enum(Object.keys(ACTS) as LicenseVerb[])),
});
/** What a verb needs beside the license. */
export const ActBody = Type.Object({
  toLicenseKey: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
  renewId: Type.Optional(Id),
  label: Type.Optional(Type.String({ maxLength: 400 })),
  group: Type.Optional(Type.String({ maxLength: 400 })),
});

/** `/licenses` */
export function licenseRoutes(scope: FastifyInstance, { store, clock, batch }: Services): void {
  const { reader } = store;
  /** The license, where the user may see it. */
  async function found(request: FastifyRequest, value: string): Promise<LicenseTable> {
    const license = (await licensesByValue(reader, [value])).get(value);
    const cid = companyOf(request);
    if (license === undefined || (cid !== undefined && license.cid !== cid))
      throw new LicenseError('unknown_license');
    return license;
  }

  scope.get<{ Querystring: Type.Static<typeof LicenseQuery> }>(
    '/licenses',
    { config: { role: 'viewer' }, schema: { querystring: LicenseQuery, response: { 200: LicensePage } } },
    async (request): Promise<LicensePage> => {
      const { after, limit = MOST_ROWS, ...wanted } = request.query;
      const now = clock.now();
      const { licenses, next = null } = await findLicenses(reader, filterOf(request, wanted, now), {
        ...{ after, limit, now, newestFirst: true },
      });
      return { licenses: licenses.map((license) => licenseFacts(license, now)), next };
    },
  );

  scope.get<{ Querystring: Filter }>(
    '/licenses.csv',
    { config: { role: 'viewer' }, exposeHeadRoute: false, schema: { querystring: ExportQuery } },
    async (request, reply) => {
      const now = clock.now();
      reply.type('text/csv; charset=utf-8');
      reply.header('content-disposition', 'attachment; filename="licenses.csv"');
      return reply.send(Readable.from(licenseCsv(reader, filterOf(request, request.query, now), { now })));
    },
  );

  scope.get<{ Params: Type.Static<typeof LicenseParams> }>(
    '/licenses/:license',
    { config: { role: 'viewer' }, schema: { params: LicenseParams, response: { 200: LicenseDetail } } },
    async (request): Promise<LicenseDetail> => {
      const now = clock.now();
      const row = await found(request, request.params.license);
      const { license, line, minutes, sessions, appName, timeline } = await licenseDetail(reader, row, now);
      return {
        license: licenseFacts(license, now),
        ...{ appName, timeline, minutesUsed: minutes, sessions: sessions?.sessions ?? 0 },
        ...{ transfers: license.transfers, transfersPerYear: line.transfersPerYear },
      };
    },
  );

  scope.post<{ Params: Type.Static<typeof ActParams>; Body: Type.Static<typeof ActBody> }>(
    '/licenses/:license/:verb',
    {
      config: { role: 'operator' },
      schema: { params: ActParams, body: ActBody, response: { 200: LicenseView } },
    },
    async (request): Promise<LicenseView> => {
      const { verb, license: value } = request.params;
      const { toLicenseKey = '', ...rest } = request.body;
      if (verb === 'transfer') parseLicenseKey(toLicenseKey);
      const { cid, license } = await found(request, value);
      const from = addressOf(request);
      const wish = { ...rest, toLicenseKey, cid, license, actor: actorOf(request), from };
      const outcome = await batch.submit(VERBS[verb], wish);
      if (!outcome.ok) throw outcome.error;
      return licenseFacts(outcome.license, clock.now());
    },
  );
}

/** A filter in the store's terms, of what the user may see. */
export function filterOf(
  request: FastifyRequest,
  { cid, endingWithinDays, unseenForDays, ...filter }: Filter,
  now: EpochSeconds,
): LicenseFilter {
  return {
    ...filter,
    cid: companyOf(request, cid),
    endingBefore: endingWithinDays && now + endingWithinDays * DAY,
    unseenSince: unseenForDays && now - unseenForDays * DAY,
  };
}

/** Each verb once: the batch takes together what is the same verb. */
const VERBS = Object.fromEntries(
  Object.entries(ACTS).map(([name, { change }]): [string, Verb<ActWish, LicenseOutcome>] => [
    name,
    (transaction, wishes) => changeLicenses(transaction, wishes, change),
  ]),
) as Readonly<Record<LicenseVerb, Verb<ActWish, LicenseOutcome>>>;
