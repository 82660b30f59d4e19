import type { EpochSeconds } from '#core/clock.ts';
import type { DenialCode } from '#core/documents/license-denial.ts';
import { LicenseError } from '#core/errors.ts';
import type { LicenseTable } from '../store/schema.ts';
import { bindLicense } from './bind.ts';
import type { Deciding, Decision } from './decide-request.ts';
import type { DeviceRequest } from './request-facts.ts';

/**
 * A device's release, transfer or renewal of the license that its key holds. Release and transfer are answered by
 * the denial that ends it there, a renewal by a token. Source: protocol, "Idempotence and replay".
 */
export async function changeByDevice(
  { audit, facts, ledger, renewals, moves }: Deciding,
  { claims, jkt, from }: DeviceRequest,
  license: LicenseTable,
  now: EpochSeconds,
): Promise<Decision> {
  const { purpose, appId, pid, licenseKey, toLicenseKey } = claims;
  const denied = (code: DenialCode, changed = false): Decision => ({
    kind: 'denial',
    code,
    license: license.license,
    changed,
  });
  const record = async (action: string, detail: Readonly<Record<string, unknown>> = {}) => {
    // The last minutes of a device that gives its license up.
    facts.usage.report(license, claims.usage, now);
    ledger.touch(license);
    await audit.append(license.cid, {
      actor: `device:${jkt}`,
      from,
      action,
      subject: license.license,
      detail: { appId, pid, licenseKey, ...detail },
    });
  };

  // A suspended license is not released either: resuming it would then be the device's to do.
  if (license.state !== 'active') return denied(license.state);
  if (purpose === 'release') {
    license.state = 'released';
    license.last_seen_at = now;
    await record('license.release');
    return denied('released', true);
  }
  if (purpose === 'transfer') {
    if (toLicenseKey === undefined)
      return { kind: 'rejected', error: new LicenseError('parameter_missing', { name: 'toLicenseKey' }) };
    const refusal = moves.move(license, toLicenseKey, now);
    if (refusal?.code === 'license_expired') return denied('license_expired');
    if (refusal !== undefined) return denied('transfer_refused');
    license.last_seen_at = now;
    await record('license.transfer', { toLicenseKey });
    return denied('transferred', true);
  }
  if (!facts.renewing.has(appId)) return denied('renewal_refused');
  const renewal = renewals.renew(license, claims.renewId, now);
  if (!renewal.ok) return denied('renewal_refused');
  const { renewId, termsId, previousExpireTime } = renewal;
  bindLicense(license, { outcome: 'held' }, claims, jkt, now);
  await record('license.renew', { renewId, termsId, previousExpireTime, expireTime: license.expire_time });
  return { kind: 'token', license: { ...license }, changed: true };
}
