import { LicenseError } from '#core/errors.ts';
import type { Verb } from './batch.ts';
import { moveSeats, type SeatMove, type SeatMoveOutcome } from './move-seats.ts';
import { SHARED } from './quota.ts';
import { freeIn } from './seat-pools.ts';

/**
 * Reserves free seats of the shared pool for single Apps, which have them alone from then on. Refused:
 * `unknown_app`, `unknown_pid`, `preallocation_not_enabled`, `allocation_exceeds_free`. Source: contract, Rules
 * "Quota" and "Allocate more than is free".
 */
export const allocate: Verb<SeatMove, SeatMoveOutcome> = (transaction, requests) =>
  moveSeats(transaction, requests, {
    action: 'quota.allocate',
    sign: 1,
    refusal(request, { preallocation }, pools) {
      const { appId, pid, count } = request;
      if (preallocation === 0) return new LicenseError('preallocation_not_enabled', { appId });
      const free = freeIn(pools.pool(request, SHARED));
      return count > free ? new LicenseError('allocation_exceeds_free', { pid, count, free }) : undefined;
    },
  });
