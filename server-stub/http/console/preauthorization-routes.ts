import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { type Bilingual, inLanguage, LicenseError } from '#core/errors.ts';
import { parseLicenseKey } from '#core/ids.ts';
import { acceptUploads } from '../../licensing/preauthorization/accept-uploads.ts';
import { countOf } from '../../licensing/preauthorization/blocks.ts';
import { clearPreauthorizations } from '../../licensing/preauthorization/clear-preauthorizations.ts';
import { deletePreauthorizations } from '../../licensing/preauthorization/delete-preauthorizations.ts';
import type { Upload } from '../../licensing/preauthorization/enter-upload.ts';
import { preauthorizationText } from '../../licensing/preauthorization/export-preauthorizations.ts';
import {
  findPreauthorization,
  pageOfPreauthorizations,
} from '../../licensing/preauthorization/find-preauthorizations.ts';
import { preauthorizedApps } from '../../licensing/preauthorization/lists.ts';
import { newestUploads } from '../../licensing/preauthorization/newest-uploads.ts';
import { preauthorize } from '../../licensing/preauthorization/preauthorize.ts';
import { switchPreauthorization } from '../../licensing/preauthorization/switch-preauthorization.ts';
import { atItsPace, dropRest } from '../long-requests.ts';
import { languageOf } from '../problems.ts';
import type { Services } from '../services.ts';
import { appOf } from './app-of.ts';
import { AppParams } from './app-routes.ts';
import { requesterOf } from './requester.ts';

const MOST_KEYS = 1000;
const MOST_PAGE = 1_000_000_000;
const Keys = Type.Array(Type.String({ minLength: 1, maxLength: 512 }), { minItems: 1, maxItems: MOST_KEYS });

export const PreauthorizationQuery = Type.Object({
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_PAGE })),
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  /** This LicenseKey alone. */
  key: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
});

export const PreauthorizationView = Type.Object({
  /** Whether only LicenseKeys of the list may activate. */
  enabled: Type.Boolean(),
  /** LicenseKeys in the whole list. */
  count: Type.Integer(),
  keys: Type.Array(Type.Object({ licenseKey: Type.String(), createdAt: Type.Integer() })),
});
export type PreauthorizationView = Type.Static<typeof PreauthorizationView>;

export const SwitchBody = Type.Object({ enabled: Type.Boolean() });
export const KeysBody = Type.Object({ licenseKeys: Keys });
export const KeysChanged = Type.Object({ changed: Type.Integer() });
export type KeysChanged = Type.Static<typeof KeysChanged>;

const Line = Type.Object({ line: Type.Integer(), problem: Type.String() });
/** A file that was taken in, and how far its rows are. */
export const UploadView = Type.Object({
  uploadId: Type.String(),
  state: Type.Enum(['entering', 'entered', 'cleared']),
  ...{ lines: Type.Integer(), done: Type.Integer(), added: Type.Integer() },
  ...{ duplicates: Type.Integer(), invalid: Type.Integer(), createdAt: Type.Integer() },
  /** The first of the lines that are no LicenseKeys, and of those that were in the list already. */
  problems: Type.Array(Line),
  duplicateLines: Type.Array(Type.Integer()),
});
export type UploadView = Type.Static<typeof UploadView>;
export const UploadList = Type.Object({ uploads: Type.Array(UploadView) });
export type UploadList = Type.Static<typeof UploadList>;

const UploadQuery = Type.Object({ partial: Type.Optional(Type.Boolean()) });
export const UploadAccepted = Type.Object({ uploadId: Type.String(), warnings: Type.Array(Type.String()) });
export type UploadAccepted = Type.Static<typeof UploadAccepted>;

const PATH = '/apps/:appId/preauthorization';

/** `/apps/:appId/preauthorization` */
export async function preauthorizationRoutes(scope: FastifyInstance, services: Services): Promise<void> {
  const { store, batch, clock } = services;
  const { reader } = store;
  const listOf = async (request: FastifyRequest, named: string) => {
    const { cid, app_id: appId } = await appOf(request, reader, named);
    const list = (await preauthorizedApps(reader, [appId])).get(appId)?.list;
    return { cid, appId, list };
  };

  scope.get<{ Params: AppParams; Querystring: Type.Static<typeof PreauthorizationQuery> }>(
    PATH,
    {
      config: { role: 'viewer' },
      schema: {
        params: AppParams,
        querystring: PreauthorizationQuery,
        response: { 200: PreauthorizationView },
      },
    },
    async (request): Promise<PreauthorizationView> => {
      const { list } = await listOf(request, request.params.appId);
      if (list === undefined) return { enabled: false, count: 0, keys: [] };
      const { page = 1, size = 20, key } = request.query;
      const enabled = list.enabled === 1;
      if (key !== undefined) {
        const found = await findPreauthorization(reader, list.list, parseLicenseKey(key));
        const keys = found === undefined ? [] : [viewOf(found)];
        return { enabled, count: await countOf(reader, list.list), keys };
      }
      const { count, keys } = await pageOfPreauthorizations(reader, list.list, page, size);
      return { enabled, count, keys: keys.map(viewOf) };
    },
  );

  scope.put<{ Params: AppParams; Body: Type.Static<typeof SwitchBody> }>(
    `${PATH}/switch`,
    {
      config: { role: 'operator' },
      schema: { params: AppParams, body: SwitchBody, response: { 200: SwitchBody } },
    },
    async (request) => {
      const { cid, app_id: appId } = await appOf(request, reader, request.params.appId);
      const { enabled } = request.body;
      const wish = { cid, appId, enabled, ...requesterOf(request) };
      const outcome = await batch.submit(switchPreauthorization, wish);
      if (!outcome.ok) throw outcome.error;
      return { enabled: outcome.enabled };
    },
  );

  scope.post<{ Params: AppParams; Body: Type.Static<typeof KeysBody> }>(
    `${PATH}/keys`,
    {
      config: { role: 'operator' },
      schema: { params: AppParams, body: KeysBody, response: { 200: KeysChanged } },
    },
    async (request): Promise<KeysChanged> => {
      const { cid, app_id: appId } = await appOf(request, reader, request.params.appId);
      const requester = requesterOf(request);
      const wishes = request.body.licenseKeys.map((key) => ({
        ...{ cid, appId, licenseKey: parseLicenseKey(key) },
        ...requester,
      }));
      const outcomes = await store.write(clock.now(), (transaction) => preauthorize(transaction, wishes));
      let changed = 0;
      for (const outcome of outcomes) {
        if (!outcome.ok) throw outcome.error;
        if (outcome.added) changed += 1;
      }
      return { changed };
    },
  );

  scope.post<{ Params: AppParams; Body: Type.Static<typeof KeysBody> }>(
    `${PATH}/deletions`,
    {
      config: { role: 'operator' },
      schema: { params: AppParams, body: KeysBody, response: { 200: KeysChanged } },
    },
    async (request): Promise<KeysChanged> => {
      const { cid, app_id: appId } = await appOf(request, reader, request.params.appId);
      const licenseKeys = request.body.licenseKeys.map((key) => parseLicenseKey(key));
      const wish = { cid, appId, licenseKeys, ...requesterOf(request) };
      const outcome = await batch.submit(deletePreauthorizations, wish, licenseKeys.length);
      if (!outcome.ok) throw outcome.error;
      return { changed: outcome.deleted };
    },
  );

  scope.delete<{ Params: AppParams }>(
    `${PATH}/keys`,
    { config: { role: 'operator' }, schema: { params: AppParams, response: { 200: KeysChanged } } },
    async (request): Promise<KeysChanged> => {
      const { cid, app_id: appId } = await appOf(request, reader, request.params.appId);
      const outcome = await batch.submit(clearPreauthorizations, { cid, appId, ...requesterOf(request) });
      if (!outcome.ok) throw outcome.error;
      return { changed: outcome.cleared };
    },
  );

  scope.get<{ Params: AppParams }>(
    `${PATH}/keys.txt`,
    { config: { role: 'viewer' }, exposeHeadRoute: false, schema: { params: AppParams } },
    async (request, reply) => {
      const { appId, list } = await listOf(request, request.params.appId);
      reply.type('text/plain; charset=utf-8');
      reply.header('content-disposition', `attachment; filename="license-keys-${appId}.txt"`);
      return list === undefined ? '' : reply.send(Readable.from(preauthorizationText(reader, list.list)));
    },
  );

  scope.get<{ Params: AppParams }>(
    `${PATH}/uploads`,
    { config: { role: 'viewer' }, schema: { params: AppParams, response: { 200: UploadList } } },
    async (request): Promise<UploadList> => {
      const { app_id: appId } = await appOf(request, reader, request.params.appId);
      const uploads = await newestUploads(reader, appId);
      return { uploads: uploads.map((upload) => uploadView(upload, languageOf(request))) };
    },
  );

  await scope.register(async (inner) => uploadRoute(inner, services));
}

/**
 * Takes in a file as the body of the call. It is received and looked through whole, then accepted; its rows go in
 * whether or not the page is still there.
 */
function uploadRoute(scope: FastifyInstance, { store, batch, uploads, log }: Services): void {
  // Nothing is gathered in memory.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
  scope.post<{ Params: AppParams; Querystring: Type.Static<typeof UploadQuery> }>(
    `${PATH}/uploads`,
    {
      config: { role: 'operator' },
      schema: { params: AppParams, querystring: UploadQuery, response: { 202: UploadAccepted } },
    },
    async (request, reply) => {
      const { partial = false } = request.query;
      const { app, arrival } = await atItsPace(request.raw, async () => {
        const app = await appOf(request, store.reader, request.params.appId);
        if (Number(request.headers['content-length'] ?? 0) > uploads.maxBytes)
          throw new LicenseError('payload_too_large');
        return { app, arrival: await uploads.receive(app.cid, request.raw) };
      }).catch(async (cause: unknown) => {
        if (!(await dropRest(request.raw))) reply.header('connection', 'close');
        throw cause;
      });
      const { uploadId, received: file } = arrival;
      await uploads.settle(arrival, partial, async () => {
        const wish = { cid: app.cid, appId: app.app_id, uploadId, file, ...requesterOf(request) };
        const outcome = await batch.submit(acceptUploads, wish);
        if (!outcome.ok) throw outcome.error;
      });
      uploads
        .enter(uploadId)
        .catch((err: unknown) =>
          log.warn({ upload: uploadId, err }, 'an upload stopped; it is tried again later'),
        );
      const language = languageOf(request);
      const warnings = file.warnings.map((warning) => inLanguage(warning, language));
      return reply.code(202).send({ uploadId, warnings });
    },
  );
}

function viewOf({ license_key, created_at }: { readonly license_key: string; readonly created_at: number }) {
  return { licenseKey: license_key, createdAt: created_at };
}

function uploadView(upload: Upload, language: 'en' | 'zh'): UploadView {
  const { upload_id: uploadId, state, license_keys: lines, done, added, duplicates, invalid } = upload;
  const problems: { line: number; problem: Bilingual }[] = JSON.parse(upload.problems);
  return {
    ...{ uploadId, state, lines, done, added, duplicates, invalid, createdAt: upload.created_at },
    problems: problems.map(({ line, problem }) => ({ line, problem: inLanguage(problem, language) })),
    duplicateLines: JSON.parse(upload.duplicate_lines),
  };
}
