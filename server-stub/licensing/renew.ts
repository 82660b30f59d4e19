import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { appsByIds } from './apps-by-ids.ts';
import { licensesByValue } from './change-licenses.ts';
import { issuingFor } from './issuing.ts';
import type { Outcome, Requester } from './outcome.ts';
import { RenewalLines } from './renewal-lines.ts';

export interface Renewal extends Requester {
  readonly cid: string;
  readonly appId: string;
  readonly renewId: string;
  /** License value. */
  readonly license: string;
}

/** Refused: `unknown_app`, `unknown_license`; as RenewalLines.renew; why the server may not issue. */
export type RenewOutcome = Outcome<{ readonly license: string; readonly expireTime: EpochSeconds }>;

/**
 * Renews licenses of an App: each consumes one renewal license of its renewId. Source: contract, Rules "Renewal".
 */
export async function renew(
  transaction: Transaction,
  requests: readonly Renewal[],
): Promise<readonly RenewOutcome[]> {
  const { db, audit } = transaction;
  const apps = await appsByIds(
    db,
    requests.map(({ appId }) => appId),
  );
  const issuing = await issuingFor(
    transaction,
    requests.filter(({ cid, appId }) => apps.get(appId)?.cid === cid).map(({ cid }) => cid),
  );
  const licenses = await licensesByValue(
    db,
    requests.map(({ license }) => license),
  );
  const lines = await RenewalLines.load(db, requests);

  const decide = async (request: Renewal): Promise<RenewOutcome> => {
    const { cid, appId, renewId, actor, from } = request;
    const may = issuing.get(cid);
    if (may === undefined || apps.get(appId)?.cid !== cid)
      return refused(new LicenseError('unknown_app', { appId }));
    if (may instanceof LicenseError) return refused(may);
    const license = licenses.get(request.license);
    if (license?.app_id !== appId) return refused(new LicenseError('unknown_license'));
    const renewal = lines.renew(license, renewId, may.now);
    if (!renewal.ok) return renewal;
    const { pid, license_key: licenseKey, expire_time: expireTime } = license;
    const { termsId, previousExpireTime } = renewal;
    const detail = { appId, pid, licenseKey, renewId, termsId, previousExpireTime, expireTime };
    await audit.append(cid, { actor, from, action: 'license.renew', subject: license.license, detail });
    return { ok: true, license: license.license, expireTime };
  };
  const outcomes: RenewOutcome[] = [];
  for (const request of requests) outcomes.push(await decide(request));
  await lines.store();
  return outcomes;
}

function refused(error: LicenseError): RenewOutcome {
  return { ok: false, error };
}
