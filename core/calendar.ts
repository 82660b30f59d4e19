import type { Period, Validity } from './catalog.ts';
import type { EpochSeconds } from './clock.ts';

/** The calendar ends with this second (9999-12-31T23:59:59Z); nothing the product issues lies beyond it. */
export const END_OF_TIME: EpochSeconds = 253_402_300_799;

/**
 * The end of a validity that starts at `at`: calendar arithmetic in UTC, same time of day; where the month is
 * too short its last day is taken. Source: contract, Rules, row "Validity".
 */
export function addValidity(at: EpochSeconds, { unit, count }: Validity): EpochSeconds {
  const start = Temporal.Instant.fromEpochMilliseconds(at * 1000).toZonedDateTimeISO('UTC');
  const end = start.add(unit === 'month' ? { months: count } : { years: count }, { overflow: 'constrain' });
  return Math.min(END_OF_TIME, end.epochMilliseconds / 1000);
}

/**
 * Whether a moment lies in the SKU's daily period, in the SKU's zone. The end minute is inclusive
 * (`00:00~23:59` is the whole day) and a start after the end wraps over midnight. Source: design, Words "SKU"
 * and Server "Period".
 */
export function isWithinPeriod(at: EpochSeconds, period: Period, zone: string): boolean {
  const [start = '', end = ''] = period.split('~');
  const local = Temporal.Instant.fromEpochMilliseconds(at * 1000)
    .toZonedDateTimeISO(zone)
    .toPlainTime();
  const minute = local.toString({ smallestUnit: 'minute' });
  return start <= end ? start <= minute && minute <= end : start <= minute || minute <= end;
}
