import { LicenseError } from '#core/errors.ts';
import type { Verb } from './batch.ts';
import { moveSeats, type SeatMove, type SeatMoveOutcome } from './move-seats.ts';
import { returnableFrom } from './seat-pools.ts';

/**
 * Returns unused allocated seats of single Apps to the shared pool: never used ones, never those of a purchase for
 * the App alone. Refused: `unknown_app`, `unknown_pid`, `take_back_exceeds_unused`. Source: contract, Rules
 * "Allocate more than is free".
 */
export const takeBack: Verb<SeatMove, SeatMoveOutcome> = (transaction, requests) =>
  moveSeats(transaction, requests, {
    action: 'quota.take_back',
    sign: -1,
    refusal(request, { app_id }, pools) {
      const { pid, count } = request;
      const free = returnableFrom(pools.pool(request, app_id));
      return count > free ? new LicenseError('take_back_exceeds_unused', { pid, count, free }) : undefined;
    },
  });
