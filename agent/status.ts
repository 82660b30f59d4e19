import type { EpochSeconds } from '#core/clock.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import type { LicenseToken } from '#core/documents/license-token.ts';
import { usableUntil } from '#core/evaluate.ts';
import { VERSION } from '#core/host/version.ts';
import type { AgentStatus } from './client/local-answers.ts';
import { subjectOf } from './enrolled.ts';
import { identityWarnings } from './identity-warnings.ts';
import type { CurrentVerdict, Licenses } from './licenses.ts';

/** What of a status is known to the daemon alone. */
export interface StatusFacts {
  /** By default the device's own. */
  readonly licenseKey?: string;
  readonly nextRefreshAt?: EpochSeconds | undefined;
  readonly sessions?: number;
}

/** Everything there is to say about the license, for people and programs. */
export function statusOf(
  { verdict, held, time }: CurrentVerdict,
  { device, enrolled, store, totals }: Pick<Licenses, 'device' | 'enrolled' | 'store' | 'totals'>,
  { licenseKey = device.licenseKey.licenseKey, nextRefreshAt, sessions = 0 }: StatusFacts = {},
): AgentStatus {
  const { token, denial, fault } = held;
  const isOwn = licenseKey === device.licenseKey.licenseKey;
  const subject = enrolled && subjectOf(enrolled, licenseKey);
  const contact = subject && store.contacts.of(subject);
  return {
    state: verdict.state,
    reason: verdict.reason,
    since: verdict.since ?? null,
    until: verdict.until ?? null,
    licenseKey,
    license: token?.license ?? denial?.license ?? null,
    appId: enrolled?.subject.appId ?? null,
    pid: enrolled?.subject.pid ?? null,
    expireTime: token?.expireTime ?? null,
    usableUntil: token ? usableUntil(token) : null,
    sku: token?.sku ?? null,
    capabilities: verdict.capabilities,
    minutes: token && subject ? minutesOf(token, totals.minutesOf(subject)) : null,
    sessions,
    trustedTime: time.now,
    clockUnconfirmed: verdict.clockUnconfirmed,
    lastRefresh: contact ? { at: contact.at, outcome: contact.outcome } : null,
    nextRefreshAt: nextRefreshAt ?? null,
    serverUrl: contact?.serverUrl ?? enrolled?.enrollment.serverUrls[0] ?? null,
    enrolled: enrolled !== undefined,
    held: isOwn && enrolled !== undefined ? store.members.count(enrolled.subject) : 0,
    agentVersion: VERSION,
    ...(fault !== undefined && { fault: fault.code, faultDetail: fault.detail }),
    ...(isOwn && { warnings: identityWarnings(device.identity, device.licenseKey) }),
  };
}

/** As evaluate adds them up. */
function minutesOf({ minutes }: LicenseToken, metered: number): AgentStatus['minutes'] {
  return { allowed: minutes.allowed, used: Math.max(minutes.own, metered) + minutes.others };
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
    minutes: null,
    sessions: 0,
    held: 0,
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
