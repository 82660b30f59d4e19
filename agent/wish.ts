import type { Purpose } from '#core/documents/license-request.ts';

/** What is to be asked for one license. */
export interface Wish {
  readonly licenseKey: string;
  readonly purpose: Purpose;
  /** By the daemon itself (true) or for a person (false). */
  readonly automatic: boolean;
  /** Whom it moves to. */
  readonly toLicenseKey?: string | undefined;
  readonly renewId?: string | undefined;
  /** With `lease`: sessions at the same time. */
  readonly sessions?: number | undefined;
  /** To fit into a QR code: without the token that is held. */
  readonly short?: boolean;
}

/** What the license is here from the moment on in which it is given up; undefined for all that gives up nothing. */
export function departureOf(purpose: Purpose): 'released' | 'transferred' | undefined {
  return purpose === 'release' ? 'released' : purpose === 'transfer' ? 'transferred' : undefined;
}
