import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { localTime } from '#core/local-time.ts';
import { newestUploads } from '../../licensing/preauthorization/newest-uploads.ts';
import { requireApp } from '../../licensing/require-app.ts';
import { callerOf } from '../authentication.ts';
import type { Services } from '../services.ts';
import { AppIdParameter } from './parameters.ts';

const Query = Type.Object({ appid: AppIdParameter });

/** A call of ours: GET …/pad/uploads, how far the newest uploads of an App are. */
export function padUploadsRoutes(scope: FastifyInstance, { store, config: { zone } }: Services): void {
  scope
    .withTypeProvider<TypeBoxTypeProvider>()
    .get('/dabiz/license/v2/pad/uploads', { schema: { querystring: Query } }, async (request) => {
      const { appid: appId } = request.query;
      await requireApp(store.reader, appId, callerOf(request).cid);
      const uploads = await newestUploads(store.reader, appId);
      const data = uploads.map((upload) => ({
        upload: upload.upload_id,
        state: upload.state,
        lines: upload.license_keys,
        done: upload.done,
        added: upload.added,
        duplicates: upload.duplicates,
        invalid: upload.invalid,
        sha256: upload.sha256,
        createTime: localTime(upload.created_at, zone),
      }));
      return { code: 200, data };
    });
}
