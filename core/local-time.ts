import type { EpochSeconds } from './clock.ts';

/** A time as a clock on the wall of a zone (IANA) shows it: `2026-11-25 00:41:23`. */
export function localTime(at: EpochSeconds, zone: string): string {
  return timeIn(at, zone).toPlainDateTime().toString({ smallestUnit: 'second' }).replace('T', ' ');
}

/** The day's first moment; where clocks were set forward at midnight it is not 00:00. */
export function startOfDay(day: Temporal.PlainDate, zone: string): EpochSeconds {
  // 1970-01-01 begins before the epoch east of Greenwich.
  return Math.max(0, Math.floor(day.toZonedDateTime(zone).epochMilliseconds / 1000));
}

/** The day of it: `2026-11-25`. */
export function localDay(at: EpochSeconds, zone: string): string {
  return localTime(at, zone).slice(0, 10);
}

/**
 * The same with how far the zone is from UTC, for who does not know which zone it is: `2026-11-25 00:41:23 +08:00`.
 */
export function zonedTime(at: EpochSeconds, zone: string): string {
  return `${localTime(at, zone)} ${timeIn(at, zone).offset}`;
}

function timeIn(at: EpochSeconds, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at * 1000).toZonedDateTimeISO(zone);
}
