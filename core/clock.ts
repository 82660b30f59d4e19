import { uptime } from 'node:os';

/** Seconds since 1970-01-01T00:00:00Z, whole. All times in documents, stores and use cases are of this kind. */
export type EpochSeconds = number;

/**
 * Where time enters a process. Use cases receive time as values; only composition roots hold a clock.
 */
export interface Clock {
  /** The wall clock, which may jump, stand at 1970 or be set by a user. */
  now(): EpochSeconds;
  /** Seconds since boot, suspend included; never set by a user. */
  uptime(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  uptime: () => uptime(),
};

/** ISO 8601, UTC, whole seconds: `2026-03-01T00:00:00Z`. */
export function isoTime(at: EpochSeconds): string {
  return new Date(at * 1000).toISOString().replace('.000', '');
}

/** The day of it, UTC: `2026-03-01`. */
export function isoDay(at: EpochSeconds): string {
  return isoTime(at).slice(0, 10);
}
