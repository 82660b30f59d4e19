import type { Transaction } from '../../store/database.ts';
import type { Outcome, Requester } from '../outcome.ts';
import { currentList } from './lists.ts';
import { ownApps, unknownApp } from './own-apps.ts';
import type { ReceivedFile } from './receive-file.ts';

export interface UploadRequest extends Requester {
  readonly cid: string;
  readonly appId: string;
  /** Names the received file, too. */
  readonly uploadId: string;
  readonly file: ReceivedFile;
}

export type UploadOutcome = Outcome<{ readonly uploadId: string }>;

/**
 * Accepts files that were received whole and found good: from here on their rows will go in, whatever happens.
 * Refused: `unknown_app`. Source: design, Server "Long work in pieces".
 */
export async function acceptUploads(
  { db, audit }: Transaction,
  requests: readonly UploadRequest[],
): Promise<readonly UploadOutcome[]> {
  const apps = await ownApps(db, requests);
  const lists = new Map<string, number>();
  const outcomes: UploadOutcome[] = [];
  for (const request of requests) {
    const { cid, appId, uploadId, file, actor, from } = request;
    const app = apps.of(request);
    if (app === undefined) {
      outcomes.push(unknownApp(request));
      continue;
    }
    const list = lists.get(appId) ?? (await currentList(db, appId, app)).list;
    lists.set(appId, list);
    const { sha256, bytes, licenseKeys, invalid, problems } = file;
    await db
      .insertInto('preauthorization_upload')
      .values({
        upload_id: uploadId,
        app_id: appId,
        list,
        sha256,
        bytes,
        license_keys: licenseKeys,
        invalid,
        problems: JSON.stringify(problems),
        // All of it may be invalid, and the caller content with that.
        state: licenseKeys === 0 ? 'entered' : 'entering',
        created_at: await audit.timeOf(cid),
      })
      .execute();
    const detail = { appId, sha256, bytes, count: licenseKeys, invalid };
    await audit.append(cid, { actor, from, action: 'preauthorization.upload', subject: uploadId, detail });
    outcomes.push({ ok: true, uploadId });
  }
  return outcomes;
}
