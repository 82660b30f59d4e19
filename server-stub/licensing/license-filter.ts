import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { beside, besideNumber } from '../store/beside.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';

/** States as people see them: an active license past its end is expired. */
export const LISTED_STATES = ['active', 'expired', 'suspended', 'released'] as const;
export type ListedState = (typeof LISTED_STATES)[number];

/** What is left out matches everything. */
export interface LicenseFilter {
  readonly cid?: string | undefined;
  readonly appId?: string | undefined;
  readonly pid?: string | undefined;
  readonly state?: ListedState | undefined;
  /** '' = those in no group. */
  readonly group?: string | undefined;
  /** Beginning of a LicenseKey or of a license value. */
  readonly key?: string | undefined;
  /** Not ended yet, but before this time. */
  readonly endingBefore?: EpochSeconds | undefined;
  /** No device asked since; for a license that none ever asked for, since its activation. */
  readonly unseenSince?: EpochSeconds | undefined;
}

export type LicenseCondition = ExpressionWrapper<Schema, 'license', SqlBool>;

/** The conditions of a filter, to be looked at beside the road that leads there; the `key` is a road of its own. */
export function licenseConditions(
  eb: ExpressionBuilder<Schema, 'license'>,
  { cid, appId, pid, state, group, endingBefore, unseenSince }: LicenseFilter,
  now: EpochSeconds,
): LicenseCondition[] {
  const end = besideNumber('expire_time');
  const all: (LicenseCondition | undefined)[] = [
    cid === undefined ? undefined : eb(beside('cid'), '=', cid),
    appId === undefined ? undefined : eb(beside('app_id'), '=', appId),
    pid === undefined ? undefined : eb(beside('pid'), '=', pid),
    state && eb(beside('state'), '=', state === 'expired' ? 'active' : state),
    state === 'active' ? eb(end, '>', now) : undefined,
    state === 'expired' ? eb(end, '<=', now) : undefined,
    group === undefined ? undefined : eb(beside('group_name'), '=', group),
    endingBefore === undefined ? undefined : eb.and([eb(end, '>', now), eb(end, '<=', endingBefore)]),
    unseenSince === undefined
      ? undefined
      : eb(eb.fn.coalesce('last_seen_at', 'activation_time'), '<=', unseenSince),
  ];
  return all.filter((condition) => condition !== undefined);
}

/** The state as people see it. */
export function listedState(
  { state, expire_time }: LicenseTable,
  now: EpochSeconds,
): LicenseTable['state'] | 'expired' {
  return state === 'active' && now >= expire_time ? 'expired' : state;
}
