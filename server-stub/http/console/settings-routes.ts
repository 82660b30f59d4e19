import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { LicenseError } from '#core/errors.ts';
import { VERSION } from '#core/host/version.ts';
import { localDay } from '#core/local-time.ts';
import { channelsOf, countDeliveries, retryDeliveries, troubledDeliveries } from '../../alerts/overview.ts';
import { sendTest, unknownChannel } from '../../alerts/send-test.ts';
import { certificateAt, keyOfCertificate } from '../../licensing/certificates.ts';
import { vendorRoots } from '../../licensing/root-chain.ts';
import { tell } from '../../users/users.ts';
import { languageOf } from '../problems.ts';
import type { Services } from '../services.ts';
import { Nullable } from './nullable.ts';
import { actorOf } from './requester.ts';

const SHOWN_TROUBLES = 50;

/** Who this server is, by what it is trusted, and whom it tells of what happens. */
export const Settings = Type.Object({
  ...{ serverId: Type.String(), version: Type.String(), zone: Type.String() },
  store: Type.Enum(['sqlite', 'postgres']),
  publicUrls: Type.Array(Type.String()),
  tls: Type.Boolean(),
  /** Thumbprints (RFC 7638). */
  root: Type.String(),
  certificates: Type.Array(
    Type.Object({
      ...{ cid: Type.String(), serial: Type.Integer(), nbf: Type.Integer(), exp: Type.Integer() },
      /** Of the server's key that it is for. */
      key: Type.String(),
      inForce: Type.Boolean(),
    }),
  ),
  channels: Type.Array(
    Type.Object({
      ...{ channel: Type.String(), kind: Nullable(Type.String()), waiting: Type.Integer() },
      ...{ failing: Type.Integer(), givenUp: Type.Integer(), delivered: Type.Integer() },
    }),
  ),
  troubles: Type.Array(
    Type.Object({
      ...{ eventId: Type.String(), channel: Type.String(), type: Type.String(), attempts: Type.Integer() },
      ...{ since: Type.Integer(), nextAt: Nullable(Type.Integer()), problem: Type.String() },
    }),
  ),
});
export type Settings = Type.Static<typeof Settings>;

const ChannelParams = Type.Object({ channel: Type.String({ pattern: '^[A-Za-z0-9_-]{1,32}$' }) });
type ChannelParams = Type.Static<typeof ChannelParams>;
export const Receipt = Type.Object({ answer: Type.String() });
export type Receipt = Type.Static<typeof Receipt>;
export const Retried = Type.Object({ retried: Type.Integer() });
export type Retried = Type.Static<typeof Retried>;

/** `/settings`, `/channels`, `/ca.pem`, `/backup`: for administrators. */
export function settingsRoutes(scope: FastifyInstance, services: Services): void {
  const { store, clock, issuer, installation, config, env } = services;
  const { reader } = store;

  scope.get('/settings', { schema: { response: { 200: Settings } } }, async (request): Promise<Settings> => {
    const language = languageOf(request);
    const { zone, publicUrls, tls, alertChannels } = config;
    const channels = await channelsOf(reader, alertChannels);
    const troubles = await troubledDeliveries(reader, SHOWN_TROUBLES);
    return {
      ...{ serverId: issuer.serverId, version: VERSION, zone, publicUrls, tls, store: store.engine },
      root: (await vendorRoots(reader, installation.roots)).root.thumbprint,
      certificates: await certificates(),
      channels: channels.map((row) => ({ ...row, kind: row.kind })),
      troubles: troubles.map(({ problem, state, nextAt, ...row }) => ({
        ...row,
        problem: problem[language],
        nextAt: state === 'given_up' ? null : nextAt,
      })),
    };
  });

  scope.post<{ Params: ChannelParams }>(
    '/channels/:channel/test',
    { schema: { params: ChannelParams, response: { 200: Receipt } } },
    async (request): Promise<Receipt> => ({
      answer: await sendTest(config, request.params.channel, { now: clock.now(), env }),
    }),
  );

  scope.post<{ Params: ChannelParams }>(
    '/channels/:channel/retry',
    { schema: { params: ChannelParams, response: { 200: Retried } } },
    async (request): Promise<Retried> => {
      const { channel } = request.params;
      const known = await countDeliveries(reader);
      if (!known.some((row) => row.channel === channel)) throw unknownChannel(channel, config.alertChannels);
      const now = clock.now();
      return { retried: await store.write(now, (transaction) => retryDeliveries(transaction, now, channel)) };
    },
  );

  scope.get('/ca.pem', { config: { role: 'viewer' } }, async (_request, reply) => {
    reply.type('application/x-pem-file');
    reply.header('content-disposition', 'attachment; filename="ca.pem"');
    return installation.tls.authority;
  });

  let isBusy = false;
  // All that the store holds, sealed by nothing: who has it can read everything but the server's keys.
  scope.get('/backup', { exposeHeadRoute: false }, async (request, reply) => {
    if (isBusy) throw new LicenseError('rate_limited', { retryAfterSeconds: 60 });
    isBusy = true;
    const file = join(config.stateDir, 'backup.part');
    const end = async () => {
      await rm(file, { force: true });
      isBusy = false;
    };
    try {
      // What a killed server left.
      await rm(file, { force: true });
      await store.backup(file);
      const now = clock.now();
      await store.write(now, (transaction) =>
        tell(
          transaction,
          { cid: null },
          { actor: actorOf(request), action: 'store.backup', subject: 'store' },
        ),
      );
      const content = createReadStream(file);
      void finished(content)
        .catch(() => {})
        .then(end);
      reply.type('application/vnd.sqlite3');
      const name = `license-server-${localDay(now, config.zone)}.db`;
      reply.header('content-disposition', `attachment; filename="${name}"`);
      return reply.send(content);
    } catch (cause) {
      await end();
      throw cause;
    }
  });

  async function certificates(): Promise<Settings['certificates']> {
    const now = clock.now();
    const rows = await reader
      .selectFrom('issuer_certificate')
      .select(['cid', 'serial', 'nbf', 'exp', 'document'])
      .orderBy('cid')
      .orderBy('serial', 'desc')
      .execute();
    const byCompany = Map.groupBy(rows, ({ cid }) => cid);
    return rows.map(({ document, ...row }) => ({
      ...row,
      key: keyOfCertificate(document),
      inForce: certificateAt(byCompany.get(row.cid) ?? [], now)?.document === document,
    }));
  }
}
