import * as Type from 'typebox';
import { END_OF_TIME } from '#core/calendar.ts';
import type { EpochSeconds } from '#core/clock.ts';
import type { TrustedTime } from '#core/evaluate.ts';
import { Epoch } from '#core/shapes.ts';

const Seconds = Type.Integer({ minimum: 0 });
const BootId = Type.String({ minLength: 1, maxLength: 64 });

/** What is known of the time, as it is persisted. Source: protocol, Time. */
export const ClockMark = Type.Object({
  /** A time that surely has passed. */
  confirmed: Epoch,
  /** When the mark was taken, in seconds since the boot it was taken in. */
  uptime: Seconds,
  bootId: BootId,
  /** A wall clock ahead of `confirmed`: what it said first, advanced by running time, and how long it has held. */
  candidate: Type.Optional(Type.Object({ wall: Epoch, heldSeconds: Seconds })),
  /** By how much the wall clock is known to be ahead of the server, for one boot. */
  wallError: Type.Optional(Type.Object({ seconds: Seconds, bootId: BootId })),
});
export type ClockMark = Type.Static<typeof ClockMark>;

/** One look at the machine's clocks; whole seconds. */
export interface ClockReading {
  readonly wall: EpochSeconds;
  /** Since boot, suspend included. */
  readonly uptime: number;
  readonly bootId: string;
}

/** A time that a server signed in answer to a request of ours. */
export interface SignedTime {
  readonly iat: EpochSeconds;
  /** When the request was made. */
  readonly request: { readonly bootId: string; readonly uptime: number };
}

/** Running time after which a wall clock that went ahead is believed. Source: protocol, Time. */
export const HOLD_SECONDS = 3600;
/** How far a wall clock may lag behind what it said before and still count as the same clock, running on. */
const TOLERANCE_SECONDS = 60;

/** The mark of a device that knows nothing but a lower bound of the time, such as the iat of what it holds. */
export function firstMark(confirmed: EpochSeconds, { uptime, bootId }: ClockReading): ClockMark {
  return { confirmed, uptime, bootId };
}

/**
 * Moves a mark on to a later reading. Boot time moves `confirmed`; the wall clock does only after it held for
 * an hour of running time, so that a glitch heals when the clock does. Source: protocol, Time, "Trusted time".
 */
export function advance(mark: ClockMark, reading: ClockReading): ClockMark {
  const elapsed = secondsBetween(mark, reading);
  const wallError = mark.wallError?.bootId === reading.bootId ? mark.wallError : undefined;
  const next: ClockMark = {
    confirmed: Math.min(mark.confirmed + elapsed, END_OF_TIME),
    uptime: reading.uptime,
    bootId: reading.bootId,
    ...(wallError && { wallError }),
  };
  const wall = correctedWall(next, reading);
  if (wall <= next.confirmed) return next;

  const { candidate } = mark;
  const expected = candidate === undefined ? 0 : Math.min(candidate.wall + elapsed, END_OF_TIME);
  if (candidate === undefined || expected <= next.confirmed || wall < expected - TOLERANCE_SECONDS) {
    return { ...next, candidate: { wall, heldSeconds: 0 } };
  }
  const heldSeconds = candidate.heldSeconds + elapsed;
  if (heldSeconds < HOLD_SECONDS) return { ...next, candidate: { wall: expected, heldSeconds } };
  return advance({ ...next, confirmed: expected }, reading);
}

/**
 * Moves a mark by a time that a server signed: forward always; backward only where the request was made in this
 * boot, since only then is it known how long ago that was. Source: protocol, Time.
 */
export function adoptSignedTime(
  mark: ClockMark,
  { iat, request }: SignedTime,
  reading: ClockReading,
): ClockMark {
  const current = advance(mark, reading);
  if (request.bootId !== reading.bootId) {
    return advance({ ...current, confirmed: Math.max(current.confirmed, iat) }, reading);
  }
  // The server signed after it was asked: now is iat at least, and at most that plus all the time since.
  const latest = Math.min(iat + Math.max(0, reading.uptime - request.uptime), END_OF_TIME);
  const confirmed = Math.min(Math.max(current.confirmed, iat), latest);
  const ahead = reading.wall - latest;
  // A clock that is simply wrong would end a license an hour after each refresh; a paused machine, whose wall
  // clock jumps later, is still noticed with the error taken off.
  const wallError = ahead > 0 ? { wallError: { seconds: ahead, bootId: reading.bootId } } : {};
  return { confirmed, uptime: reading.uptime, bootId: reading.bootId, ...wallError };
}

/** The time by a mark that was advanced to this reading. */
export function trustedTime(mark: ClockMark, reading: ClockReading): TrustedTime {
  return { now: Math.max(correctedWall(mark, reading), mark.confirmed), confirmed: mark.confirmed };
}

/** Within a boot the difference of uptimes; over a boot the uptime of the new one, a sure lower bound. */
function secondsBetween(mark: ClockMark, { uptime, bootId }: ClockReading): number {
  return mark.bootId === bootId ? Math.max(0, uptime - mark.uptime) : uptime;
}

function correctedWall({ wallError }: ClockMark, { wall, bootId }: ClockReading): EpochSeconds {
  return wallError?.bootId === bootId ? wall - wallError.seconds : wall;
}
