import type { Kysely } from 'kysely';
import { rowsOf } from '../../store/rows.ts';
import type { Schema } from '../../store/schema.ts';
import type { PreauthorizedApp } from './lists.ts';

interface Newcomer {
  readonly appId: string;
  readonly licenseKey: string;
}

/**
 * Which newcomers preauthorization lets in: all of an App whose switch is off, else those on its list. One query for
 * all, and none where no switch is on. Source: contract, Rules "Whitelist on".
 */
export async function preauthorized(
  db: Kysely<Schema>,
  apps: ReadonlyMap<string, PreauthorizedApp>,
  newcomers: readonly Newcomer[],
): Promise<(newcomer: Newcomer) => boolean> {
  const listOf = ({ appId }: Newcomer): number | undefined => {
    const list = apps.get(appId)?.list;
    return list?.enabled === 1 ? list.list : undefined;
  };
  const wanted = newcomers.flatMap((newcomer) => {
    const list = listOf(newcomer);
    return list === undefined ? [] : { list, license_key: newcomer.licenseKey };
  });
  if (wanted.length === 0) return (newcomer) => listOf(newcomer) === undefined;
  const rows = await db
    .selectFrom(rowsOf<(typeof wanted)[number]>(db, { list: 'integer', license_key: 'text' }, wanted).as('r'))
    .innerJoin('preauthorization', (join) =>
      join
        .onRef('preauthorization.list', '=', 'r.list')
        .onRef('preauthorization.license_key', '=', 'r.license_key'),
    )
    .select(['r.list', 'r.license_key'])
    .execute();
  const found = new Set(rows.map(({ list, license_key }) => `${list} ${license_key}`));
  return (newcomer) => {
    const list = listOf(newcomer);
    return list === undefined || found.has(`${list} ${newcomer.licenseKey}`);
  };
}
