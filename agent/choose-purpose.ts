import { isEnding } from '#core/documents/license-denial.ts';
import type { Purpose } from '#core/documents/license-request.ts';
import type { Verdict } from '#core/evaluate.ts';
import type { HeldLicense } from './held-license.ts';

export interface ContactHistory {
  /** How the last contact with the server ended. */
  readonly lastOutcome?: string | undefined;
  /** Purposes of the requests that were not answered yet. */
  readonly waiting?: readonly Purpose[];
}

/**
 * What the daemon asks for by itself; undefined after an ending denial, when it asks for nothing until a person
 * does. Source: protocol, "What ends a license on a device"; design, Agent "Starting".
 */
export function choosePurpose(
  { state, fault }: Pick<Verdict, 'state' | 'fault'>,
  { denial, departed }: Pick<HeldLicense, 'denial' | 'departed'>,
  { lastOutcome, waiting = [] }: ContactHistory,
): 'activate' | 'refresh' | 'renew' | 'release' | 'transfer' | undefined {
  if (denial !== undefined && isEnding(denial.code)) return undefined;
  if (departed !== undefined && lastOutcome === 'unknown_license') return undefined;
  // Told again until the server has heard it; to whom a license moves stands in the request alone.
  if (departed === 'released') return 'release';
  if (departed === 'transferred') return waiting.includes('transfer') ? 'transfer' : 'activate';
  if (state === 'unlicensed') return 'activate';
  // A server that lost the license (a restored backup) makes a new one, once the held one is of no more use.
  if (state === 'expired' && lastOutcome === 'unknown_license') return 'activate';
  if (state !== 'invalid') return waiting.includes('renew') ? 'renew' : 'refresh';
  switch (fault) {
    // Nothing is left to refresh.
    case 'store_damaged':
    // The server knows neither this key nor this license.
    case 'answer_for_another_device':
    case 'issuer_mismatch':
      return 'activate';
    default:
      // The server knows the key of a device whose token was altered, unless it says that it does not.
      return lastOutcome === 'unknown_license' || lastOutcome === 'enrollment_rejected'
        ? 'activate'
        : 'refresh';
  }
}
