import type { Kysely } from 'kysely';
import type { LicenseCert } from '#core/documents/license-cert.ts';
import { type ErrorCode, LicenseError } from '#core/errors.ts';
import { rowsOf } from '../store/rows.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import { type Activation, activate } from './activate.ts';
import { appsByIds } from './apps-by-ids.ts';
import type { Verb } from './batch.ts';
import type { Issuer } from './issuer.ts';
import type { Outcome } from './outcome.ts';
import { renewalsOf } from './terms.ts';

/** An activation by a tool that names no plan: the App's setting does. */
export type LegacyActivation = Omit<Activation, 'pid'>;

/** Refused: `legacy_not_enabled`, and as activate refuses. */
export type LegacyOutcome = Outcome<{ readonly claims: LicenseCert }>;

/**
 * Activates LicenseKeys for the older device tools with their App's default PID. A LicenseKey that was activated before
 * gets its license again, also where the App's default was another PID then: one that has not ended is never replaced by
 * another at the cost of a seat. Source: contract, call 14.
 */
export function legacyActivation({
  serverId,
}: Pick<Issuer, 'serverId'>): Verb<LegacyActivation, LegacyOutcome> {
  return async (transaction, requests) => {
    const { db, audit } = transaction;
    const apps = await appsByIds(
      db,
      requests.map(({ appId }) => appId),
    );
    const held = await heldLicenses(db, requests);
    const known = requests.map(({ cid, appId }) => {
      const app = apps.get(appId);
      return app?.cid === cid ? app : undefined;
    });
    const activations = requests.flatMap((request, index): Activation[] => {
      const pid = known[index]?.legacy_pid;
      if (typeof pid !== 'string') return [];
      const licenses = held.get(nameOf(request)) ?? [];
      const own = licenses.some((license) => license.pid === pid);
      const earlier = own ? undefined : licenses.find((license) => isHeld(license, audit.wallClock));
      return [{ ...request, pid: earlier?.pid ?? pid }];
    });
    const outcomes = (await activate(transaction, activations)).values();
    return requests.map(({ appId }, index): LegacyOutcome => {
      const app = known[index];
      if (app === undefined) return refusal('unknown_app', appId);
      if (app.legacy_pid === null) return refusal('legacy_not_enabled', appId);
      const outcome = outcomes.next().value;
      if (outcome === undefined) throw new Error('activate gave fewer outcomes than it had requests');
      return outcome.ok ? { ok: true, claims: certClaims(serverId, outcome.license) } : outcome;
    });
  };
}

/** Of what a license is, what a cert says; nothing that changes while the license does not. */
function certClaims(serverId: string, license: LicenseTable): LicenseCert {
  return {
    iss: serverId,
    cid: license.cid,
    iat: renewalsOf(license).at(-1)?.at ?? license.activation_time,
    license: license.license,
    appId: license.app_id,
    pid: license.pid,
    licenseKey: license.license_key,
    activationTime: license.activation_time,
    expireTime: license.expire_time,
  };
}

function refusal(code: ErrorCode, appId: string): LegacyOutcome {
  return { ok: false, error: new LicenseError(code, { appId }) };
}

/** A suspended license is held too: it is not to be got round by another. */
const isHeld = ({ state, expire_time }: HeldLicense, now: number): boolean =>
  state !== 'transferred' && now < expire_time;

/** Neither an App ID nor a LicenseKey holds a line break. */
const nameOf = ({ appId, licenseKey }: Pick<LegacyActivation, 'appId' | 'licenseKey'>): string =>
  `${appId}\n${licenseKey}`;

type HeldLicense = Pick<LicenseTable, 'pid' | 'state' | 'expire_time'>;

/** What the LicenseKeys hold already, of any PID, the one activated last first. */
async function heldLicenses(
  db: Kysely<Schema>,
  requests: readonly LegacyActivation[],
): Promise<Map<string, HeldLicense[]>> {
  type Name = Pick<LicenseTable, 'app_id' | 'license_key'>;
  const names = requests.map(({ appId, licenseKey }) => ({ app_id: appId, license_key: licenseKey }));
  const rows = await db
    .selectFrom(rowsOf<Name>(db, { app_id: 'text', license_key: 'text' }, names).as('r'))
    .innerJoin('license', (join) =>
      join.onRef('license.app_id', '=', 'r.app_id').onRef('license.license_key', '=', 'r.license_key'),
    )
    .select(['license.app_id', 'license.license_key', 'license.pid', 'license.state', 'license.expire_time'])
    .orderBy('license.activation_time', 'desc')
    .orderBy('license.position', 'desc')
    .execute();
  return Map.groupBy(rows, ({ app_id, license_key }) => nameOf({ appId: app_id, licenseKey: license_key }));
}
