import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { Category } from '#core/catalog.ts';
import { AppId, Cid, Id } from '#core/shapes.ts';
import { licenseFacts } from '../../licensing/license-facts.ts';
import { LISTED_STATES, type ListedState, listLicenses } from '../../licensing/list-licenses.ts';
import type { Services } from '../services.ts';
import { companyOf } from './company-of.ts';
import { Nullable } from './nullable.ts';

/** Rows of a page: a list never holds more. */
const MOST_ROWS = 100;
const DAY = 86_400;
const Days = Type.Integer({ minimum: 1, maximum: 3660 });
const State = Type.Unsafe<ListedState>(Type.Enum([...LISTED_STATES]));

/** What is left out matches everything. */
export const LicenseQuery = Type.Object({
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
  /** The `next` of the page before. */
  after: Type.Optional(Id),
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
  /** Where the next page goes on; null: this was the last. */
  next: Nullable(Type.String()),
});
export type LicensePage = Type.Static<typeof LicensePage>;

/** `/licenses` */
export function licenseRoutes(scope: FastifyInstance, { store: { reader }, clock }: Services): void {
  scope.get<{ Querystring: Type.Static<typeof LicenseQuery> }>(
    '/licenses',
    { config: { role: 'viewer' }, schema: { querystring: LicenseQuery, response: { 200: LicensePage } } },
    async (request): Promise<LicensePage> => {
      const { after, limit = MOST_ROWS, endingWithinDays, unseenForDays, cid, ...filter } = request.query;
      const now = clock.now();
      const found = await listLicenses(
        reader,
        {
          ...filter,
          cid: companyOf(request, cid),
          endingBefore: endingWithinDays && now + endingWithinDays * DAY,
          unseenSince: unseenForDays && now - unseenForDays * DAY,
        },
        { after, limit: limit + 1, now },
      );
      const page = found.slice(0, limit);
      const next = found.length > limit ? (page.at(-1)?.license ?? null) : null;
      return { licenses: page.map((license) => licenseFacts(license, now)), next };
    },
  );
}
