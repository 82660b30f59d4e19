import { LONGEST_WAIT_SECONDS } from './alert-queue.ts';

const FIRST_WAIT_SECONDS = 10;

/**
 * Seconds until the next attempt: ten, doubled with every failure up to six hours, of which the upper half is left
 * to chance, so that many who failed together do not come back together; no sooner than the receiver asked for.
 *
 * @param failures before this one
 * @param random from 0 to 1
 */
export function backOff(failures: number, random: number, retryAfterSeconds = 0): number {
  const full = Math.min(FIRST_WAIT_SECONDS * 2 ** Math.min(failures, 20), LONGEST_WAIT_SECONDS);
  const wait = Math.max(full * (0.5 + random / 2), retryAfterSeconds);
  return Math.ceil(Math.min(wait, LONGEST_WAIT_SECONDS));
}
