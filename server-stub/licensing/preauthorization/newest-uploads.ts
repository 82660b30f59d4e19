import type { Kysely } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Upload } from './enter-upload.ts';

const SHOWN = 20;

/** The newest uploads of an App, newest first, with how far they are. */
export function newestUploads(db: Kysely<Schema>, appId: string): Promise<Upload[]> {
  return db
    .selectFrom('preauthorization_upload')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('created_at', 'desc')
    .orderBy('upload_id', 'desc')
    .limit(SHOWN)
    .execute();
}
