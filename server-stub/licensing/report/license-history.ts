import { addValidity } from '#core/calendar.ts';
import type { Validity } from '#core/catalog.ts';
import type { EpochSeconds } from '#core/clock.ts';
import type { StoredRenewal } from '../terms.ts';
import { type Figures, type Owner, ownerOfRenewals } from './figures.ts';
import type { VendorLine } from './vendor-lines.ts';

/** An activation and the renewals that followed. */
export interface LicenseHistory {
  readonly license: string;
  readonly activationTime: EpochSeconds;
  readonly renewals: readonly StoredRenewal[];
}

/**
 * Adds a license's whole history to the figures, or takes it away where `count` is -1.
 *
 * @param validity of the PID
 * @returns expireTime, undefined where a renewal stands on no renewal line
 */
export function countHistory(
  figures: Figures,
  owner: Owner,
  { license, activationTime, renewals }: LicenseHistory,
  validity: Validity,
  lines: ReadonlyMap<string, VendorLine>,
  count: 1 | -1 = 1,
): EpochSeconds | undefined {
  let end: EpochSeconds | undefined = endOf(activationTime, validity);
  figures.add(owner, 'activated', activationTime, count);
  figures.fact(owner, count, 'activated', license, activationTime);
  figures.expire(owner, end, count);
  for (const renewal of renewals) {
    end = countRenewal(figures, owner, license, renewal, end, lines, count);
    if (end === undefined) return undefined;
  }
  return end;
}

/**
 * Adds a renewal of a license that ended, or was to end, at `previous`: in time it takes that end away, later it
 * revives the license.
 *
 * @returns the new expireTime, undefined where it stands on no renewal line. Source: contract, Rules, row "Renewal"
 */
export function countRenewal(
  figures: Figures,
  owner: Owner,
  license: string,
  { termsId, at }: StoredRenewal,
  previous: EpochSeconds,
  lines: ReadonlyMap<string, VendorLine>,
  count: 1 | -1 = 1,
): EpochSeconds | undefined {
  const line = lines.get(termsId)?.terms;
  if (line?.kind !== 'renewal') return undefined;
  const end = endOf(Math.max(at, previous), line.validity);
  figures.add(owner, 'renewed', at, count);
  figures.fact(owner, count, 'renewed', license, termsId, at);
  if (at > previous) figures.add(owner, 'revived', at, count);
  else figures.expire(owner, previous, count === 1 ? -1 : 1);
  figures.expire(owner, end, count);
  figures.add(ownerOfRenewals(line), 'used', at, count);
  return end;
}

/** Many licenses are activated in one second, and calendar arithmetic is slow. */
let last: { at: EpochSeconds; validity: Validity; end: EpochSeconds } | undefined;

function endOf(at: EpochSeconds, validity: Validity): EpochSeconds {
  if (last === undefined || last.at !== at || last.validity !== validity)
    last = { at, validity, end: addValidity(at, validity) };
  return last.end;
}
