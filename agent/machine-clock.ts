import { readFileSync } from 'node:fs';
import { END_OF_TIME } from '#core/calendar.ts';
import { type Clock, systemClock } from '#core/clock.ts';
import type { ClockReading } from './trusted-time.ts';

const BOOT_ID_FILE = '/proc/sys/kernel/random/boot_id';
/**
 * Where the kernel names no boot, all boots count as one: uptimes of a later boot are smaller, so that time is
 * counted too short and never too long.
 */
const UNKNOWN_BOOT = 'unknown';

/** Reads the machine's clocks, in whole seconds; the boot is named once. */
export function machineClock(clock: Clock = systemClock, bootIdFile = BOOT_ID_FILE): () => ClockReading {
  const bootId = readBootId(bootIdFile);
  return () => ({
    wall: Math.min(Math.max(0, clock.now()), END_OF_TIME),
    uptime: Math.floor(clock.uptime()),
    bootId,
  });
}

function readBootId(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().slice(0, 64) || UNKNOWN_BOOT;
  } catch {
    return UNKNOWN_BOOT;
  }
}
