import type { Kysely, Selectable } from 'kysely';
import { rowsOf } from '../../store/rows.ts';
import type { PreauthorizationListTable, Schema } from '../../store/schema.ts';

export type PreauthorizationList = Selectable<PreauthorizationListTable>;

/** An App with its company and what it has of preauthorization: nothing, until something is asked for. */
export interface PreauthorizedApp {
  readonly cid: string;
  readonly vid: string;
  readonly list?: PreauthorizationList;
}

/** Apps with their current lists, by App ID. */
export async function preauthorizedApps(
  db: Kysely<Schema>,
  appIds: Iterable<string>,
): Promise<Map<string, PreauthorizedApp>> {
  const ids = [...new Set(appIds)].map((app_id) => ({ app_id }));
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom(rowsOf<{ app_id: string }>(db, { app_id: 'text' }, ids).as('r'))
    .innerJoin('app', 'app.app_id', 'r.app_id')
    .leftJoin('preauthorization_list as current', (join) =>
      join.onRef('current.app_id', '=', 'app.app_id').on('current.cleared_at', 'is', null),
    )
    .select(['app.app_id', 'cid', 'vid', 'list', 'enabled', 'next_seq', 'purged'])
    .execute();
  return new Map(
    rows.map(({ app_id, cid, vid, list, enabled, next_seq, purged }) => {
      if (list === null || enabled === null || next_seq === null || purged === null)
        return [app_id, { cid, vid }];
      return [app_id, { cid, vid, list: { list, app_id, enabled, next_seq, purged, cleared_at: null } }];
    }),
  );
}

/** Makes the next list of an App. Numbers of lists are never given twice: an upload names its own. */
export async function createList(
  db: Kysely<Schema>,
  wanted: Pick<PreauthorizationList, 'app_id' | 'enabled' | 'next_seq'>,
): Promise<PreauthorizationList> {
  const last = await db
    .selectFrom('preauthorization_list')
    .select(({ fn }) => fn.max('list').as('list'))
    .executeTakeFirst();
  const list = { ...wanted, list: Number(last?.list ?? 0) + 1, cleared_at: null, purged: 0 };
  await db.insertInto('preauthorization_list').values(list).execute();
  return list;
}

/** The current list of an App, made where it has none yet. */
export async function currentList(
  db: Kysely<Schema>,
  appId: string,
  { list }: PreauthorizedApp,
): Promise<PreauthorizationList> {
  return list ?? createList(db, { app_id: appId, enabled: 0, next_seq: 1 });
}
