import type { Kysely, Selectable } from 'kysely';
import { LicenseError } from '#core/errors.ts';
import type { AppTable, Schema } from '../store/schema.ts';

/**
 * An App by its id: one of a company, or of any where an operator asks.
 *
 * @throws `unknown_app`, for the App of another company just as for none. Source: contract, Common "Parameters"
 */
export async function requireApp(
  db: Kysely<Schema>,
  appId: string,
  cid?: string,
): Promise<Selectable<AppTable>> {
  const app = await db.selectFrom('app').selectAll().where('app_id', '=', appId).executeTakeFirst();
  if (app === undefined || (cid !== undefined && app.cid !== cid))
    throw new LicenseError('unknown_app', { appId });
  return app;
}
