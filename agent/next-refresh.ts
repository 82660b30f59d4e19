import type { Verdict } from '#core/evaluate.ts';

export interface RefreshSituation {
  readonly state: Verdict['state'];
  /** Until the state ends by time alone, in seconds. */
  readonly secondsToEnd?: number | undefined;
  /** Contacts that failed since the last that did not. */
  readonly failures: number;
  /** What a server asked for when it failed. */
  readonly retryAfterSeconds?: number | undefined;
  readonly intervalSeconds: number;
}

const MIN_ROUTINE_SECONDS = 3600;
export const MIN_RETRY_SECONDS = 5;
const MAX_RETRY_SECONDS = 3600;
/** A server's wish is honoured that far. */
const MAX_PATIENCE_SECONDS = 86_400;
/** Share of a routine delay that is left to chance, so that a fleet does not call in chorus. */
const JITTER = 0.1;

/**
 * Seconds until the next refresh. Routine daily with jitter, sooner as an end comes near, one hour at least; a
 * device that may not work asks every hour; after failures exponential back-off with full jitter, a Retry-After
 * honoured. Source: protocol, Time; design, Agent "Refresh".
 *
 * @param random from 0 to below 1
 */
export function nextRefreshDelay(situation: RefreshSituation, random: () => number): number {
  const { state, secondsToEnd = Number.POSITIVE_INFINITY, failures, intervalSeconds } = situation;
  if (failures > 0) return backOff(situation, random);
  switch (state) {
    case 'unlicensed':
    case 'invalid':
      return 0;
    case 'active':
    case 'grace': {
      const jitter = 1 - JITTER * random();
      return Math.max(MIN_ROUTINE_SECONDS, Math.floor(Math.min(intervalSeconds, secondsToEnd / 2) * jitter));
    }
    default:
      return Math.floor(MIN_ROUTINE_SECONDS * (1 + JITTER * random()));
  }
}

function backOff({ failures, retryAfterSeconds = 0 }: RefreshSituation, random: () => number): number {
  const ceiling = Math.min(MAX_RETRY_SECONDS, MIN_RETRY_SECONDS * 2 ** Math.min(failures, 20));
  const delay = MIN_RETRY_SECONDS + random() * (ceiling - MIN_RETRY_SECONDS);
  return Math.floor(Math.max(delay, Math.min(retryAfterSeconds, MAX_PATIENCE_SECONDS)));
}
