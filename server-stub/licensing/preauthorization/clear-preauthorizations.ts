import type { Kysely } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import type { Outcome, Requester } from '../outcome.ts';
import { countOf } from './blocks.ts';
import { createList } from './lists.ts';
import { ownApps, unknownApp } from './own-apps.ts';

export interface PreauthorizationClearing extends Requester {
  readonly cid: string;
  readonly appId: string;
}

/** `cleared`: how many LicenseKeys were in the list. */
export type ClearingOutcome = Outcome<{ readonly cleared: number }>;

/**
 * Cuts the list of an App off, however long it is, and gives it an empty one; the switch stays as it is. An upload
 * that is going in ends with its list. Refused: `unknown_app`.
 */
export async function clearPreauthorizations(
  { db, audit }: Transaction,
  requests: readonly PreauthorizationClearing[],
): Promise<readonly ClearingOutcome[]> {
  const apps = await ownApps(db, requests);
  const emptied = new Set<string>();
  const outcomes: ClearingOutcome[] = [];
  for (const request of requests) {
    const { cid, appId, actor, from } = request;
    const app = apps.of(request);
    if (app === undefined) {
      outcomes.push(unknownApp(request));
      continue;
    }
    const { list } = app;
    if (list === undefined || emptied.has(appId)) {
      outcomes.push({ ok: true, cleared: 0 });
      continue;
    }
    emptied.add(appId);
    const cleared = await countOf(db, list.list);
    await db
      .updateTable('preauthorization_list')
      .set({ cleared_at: await audit.timeOf(cid) })
      .where('list', '=', list.list)
      .execute();
    await createList(db, { app_id: appId, enabled: list.enabled, next_seq: list.next_seq });
    await endUploads(db, list.list);
    const detail = { appId, count: cleared };
    await audit.append(cid, { actor, from, action: 'preauthorization.clear', subject: appId, detail });
    outcomes.push({ ok: true, cleared });
  }
  return outcomes;
}

async function endUploads(db: Kysely<Schema>, list: number): Promise<void> {
  const ended = await db
    .updateTable('preauthorization_upload')
    .set({ state: 'cleared' })
    .where('list', '=', list)
    .where('state', '=', 'entering')
    .returning('upload_id')
    .execute();
  for (const { upload_id } of ended)
    await db.deleteFrom('preauthorization_removal').where('upload_id', '=', upload_id).execute();
}
