import type { EpochSeconds } from '#core/clock.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { usableUntil } from '#core/evaluate.ts';
import { VERSION } from '#core/host/version.ts';
import type { AgentStatus } from './client.ts';
import type { CurrentVerdict, Licenses } from './licenses.ts';

/** Everything there is to say about the license, for people and programs. */
export function statusOf(
  { verdict, held, time }: CurrentVerdict,
  { device, enrolled, store }: Pick<Licenses, 'device' | 'enrolled' | 'store'>,
  nextRefreshAt: EpochSeconds | undefined,
): AgentStatus {
  const { token, denial, fault } = held;
  const contact = enrolled && store.contact(enrolled.subject);
  return {
    state: verdict.state,
    reason: verdict.reason,
    since: verdict.since ?? null,
    until: verdict.until ?? null,
    licenseKey: device.licenseKey.licenseKey,
    license: token?.license ?? denial?.license ?? null,
    appId: enrolled?.subject.appId ?? null,
    pid: enrolled?.subject.pid ?? null,
    expireTime: token?.expireTime ?? null,
    usableUntil: token ? usableUntil(token) : null,
    sku: token?.sku ?? null,
    capabilities: verdict.capabilities,
    trustedTime: time.now,
    clockUnconfirmed: verdict.clockUnconfirmed,
    lastRefresh: contact ? { at: contact.at, outcome: contact.outcome } : null,
    nextRefreshAt: nextRefreshAt ?? null,
    serverUrl: contact?.serverUrl ?? enrolled?.enrollment.serverUrls[0] ?? null,
    enrolled: enrolled !== undefined,
    agentVersion: VERSION,
    ...(fault !== undefined && { fault: fault.code, faultDetail: fault.detail }),
    ...(device.licenseKey.shared && { warning: 'license_key_shared' as const }),
  };
}

/** The status of a machine on which the daemon never ran, enrolled or not. */
export function emptyStatus(now: EpochSeconds, enrollment: Enrollment | undefined): AgentStatus {
  const capability = { allowed: false, reason: 1, because: 'unlicensed' } as const;
  return {
    state: 'unlicensed',
    reason: 1,
    since: null,
    until: null,
    licenseKey: null,
    license: null,
    appId: enrollment?.appId ?? null,
    pid: enrollment?.pid ?? null,
    expireTime: null,
    usableUntil: null,
    sku: null,
    capabilities: { audio: capability, video: capability },
    trustedTime: now,
    clockUnconfirmed: false,
    lastRefresh: null,
    nextRefreshAt: null,
    serverUrl: enrollment?.serverUrls[0] ?? null,
    enrolled: enrollment !== undefined,
    agentVersion: VERSION,
  };
}
