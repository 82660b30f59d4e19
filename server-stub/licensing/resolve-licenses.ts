import type { Kysely } from 'kysely';
import { LicenseError } from '#core/errors.ts';
import { isLicenseKey } from '#core/ids.ts';
import { rowsOf } from '../store/rows.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import { licensesByValue } from './change-licenses.ts';

const LICENSE_VALUE = /^[0-9A-F]{32}$/;

/** Where a LicenseKey is looked for; what is left out is everywhere. */
export interface LicenseScope {
  readonly appId?: string | undefined;
  readonly pid?: string | undefined;
}

/**
 * Licenses by what people call them: the license value, else the LicenseKey, which may have several. Of each name the
 * license, or `unknown_license`, `license_ambiguous`. Source: contract, Rules, "One LicenseKey with several PIDs".
 */
export async function resolveLicenses(
  db: Kysely<Schema>,
  names: readonly string[],
  scope: LicenseScope,
): Promise<Map<string, LicenseTable | LicenseError>> {
  const inScope = ({ app_id, pid }: LicenseTable) =>
    (scope.appId ?? app_id) === app_id && (scope.pid ?? pid) === pid;
  const values = await licensesByValue(
    db,
    names.filter((name) => LICENSE_VALUE.test(name)),
  );
  const rest = names.filter((name) => !values.has(name) && isLicenseKey(name));
  const byKey = Map.groupBy(await licensesByKey(db, rest), ({ license_key }) => license_key);
  return new Map(
    names.map((name): [string, LicenseTable | LicenseError] => {
      const value = values.get(name);
      const candidates = (value === undefined ? (byKey.get(name) ?? []) : [value]).filter(inScope);
      const [license] = candidates;
      if (license === undefined) return [name, new LicenseError('unknown_license', { name })];
      if (candidates.length > 1) return [name, new LicenseError('license_ambiguous', { licenseKey: name })];
      return [name, license];
    }),
  );
}

async function licensesByKey(db: Kysely<Schema>, licenseKeys: readonly string[]): Promise<LicenseTable[]> {
  if (licenseKeys.length === 0) return [];
  const rows = [...new Set(licenseKeys)].map((license_key) => ({ license_key }));
  // By App, since the index of LicenseKeys begins with it.
  return db
    .selectFrom(rowsOf<{ license_key: string }>(db, { license_key: 'text' }, rows).as('r'))
    .crossJoin('app')
    .innerJoin('license', (join) =>
      join.onRef('license.app_id', '=', 'app.app_id').onRef('license.license_key', '=', 'r.license_key'),
    )
    .selectAll('license')
    .execute();
}
