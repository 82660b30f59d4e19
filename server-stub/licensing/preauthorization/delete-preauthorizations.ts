import type { Kysely } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { columnNames, rowsOf, selectRows } from '../../store/rows.ts';
import type { Schema } from '../../store/schema.ts';
import type { Outcome, Requester } from '../outcome.ts';
import { takeFromBlocks } from './blocks.ts';
import { ownApps, unknownApp } from './own-apps.ts';

export interface PreauthorizationDeletion extends Requester {
  readonly cid: string;
  readonly appId: string;
  readonly licenseKeys: readonly string[];
}

/** `deleted`: how many of the LicenseKeys were in the list. */
export type DeletionOutcome = Outcome<{ readonly deleted: number }>;

/**
 * Takes LicenseKeys off the list of their App; what is active stays active. It holds for an upload that is going in,
 * too: the LicenseKey does not come back with a row that was still to come. Refused: `unknown_app`.
 */
export async function deletePreauthorizations(
  { db, audit }: Transaction,
  requests: readonly PreauthorizationDeletion[],
): Promise<readonly DeletionOutcome[]> {
  const apps = await ownApps(db, requests);
  const outcomes: DeletionOutcome[] = [];
  for (const request of requests) {
    const { cid, appId, licenseKeys, actor, from } = request;
    const app = apps.of(request);
    if (app === undefined) {
      outcomes.push(unknownApp(request));
      continue;
    }
    const gone = app.list === undefined ? [] : await removeFrom(db, app.list.list, licenseKeys);
    outcomes.push({ ok: true, deleted: gone.length });
    if (gone.length === 0) continue;
    const detail = { appId, count: gone.length, licenseKeys: gone };
    await audit.append(cid, { actor, from, action: 'preauthorization.delete', subject: appId, detail });
  }
  return outcomes;
}

async function removeFrom(
  db: Kysely<Schema>,
  list: number,
  licenseKeys: readonly string[],
): Promise<string[]> {
  const keys = [...new Set(licenseKeys)].map((license_key) => ({ license_key }));
  const wanted = rowsOf<{ license_key: string }>(db, { license_key: 'text' }, keys).as('r');
  const gone = await db
    .deleteFrom('preauthorization')
    .where('list', '=', list)
    .where('license_key', 'in', db.selectFrom(wanted).select('license_key'))
    .returning(['license_key', 'seq'])
    .execute();
  await takeFromBlocks(
    db,
    list,
    gone.map(({ seq }) => seq),
  );
  await rememberFor(
    db,
    list,
    keys.map(({ license_key }) => license_key),
  );
  return gone.map(({ license_key }) => license_key);
}

/** Rows of these LicenseKeys that an upload has yet to bring are to be passed over. */
async function rememberFor(db: Kysely<Schema>, list: number, licenseKeys: readonly string[]): Promise<void> {
  const uploads = await db
    .selectFrom('preauthorization_upload')
    .select('upload_id')
    .where('list', '=', list)
    .where('state', '=', 'entering')
    .execute();
  const rows = uploads.flatMap(({ upload_id }) =>
    licenseKeys.map((license_key) => ({ upload_id, license_key })),
  );
  if (rows.length === 0) return;
  const columns = { upload_id: 'text', license_key: 'text' } as const;
  await db
    .insertInto('preauthorization_removal')
    .columns(columnNames(columns))
    .expression(selectRows<(typeof rows)[number]>(db, columns, rows))
    .onConflict((conflict) => conflict.columns(['upload_id', 'license_key']).doNothing())
    .execute();
}
