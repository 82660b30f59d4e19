import type { EpochSeconds } from '#core/clock.ts';
import type { LicenseTable } from '../store/schema.ts';
import { listedState } from './license-filter.ts';
import { renewalsOf } from './terms.ts';

/** What is known of a license, as JSON; times in epoch seconds. */
export function licenseFacts(license: LicenseTable, at: EpochSeconds) {
  return {
    license: license.license,
    licenseKey: license.license_key,
    cid: license.cid,
    appId: license.app_id,
    pid: license.pid,
    category: license.category,
    state: listedState(license, at),
    activationTime: license.activation_time,
    expireTime: license.expire_time,
    renewals: renewalsOf(license).length,
    device: license.device_jkt,
    lastSeenAt: license.last_seen_at,
    agentVersion: license.agent_version,
    label: license.label,
    group: license.group_name,
  };
}

export type LicenseFacts = ReturnType<typeof licenseFacts>;
