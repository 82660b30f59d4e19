import type { LicenseError } from '#core/errors.ts';

/** What came of a request: expected refusals are values, so that one of a batch does not fail the others. */
export type Outcome<Result extends object = object> =
  | ({ readonly ok: true } & Result)
  | { readonly ok: false; readonly error: LicenseError };

/** Who asks for a change and from where, for the audit trail. */
export interface Requester {
  /** `credential:ID`, `device:JKT`, `operator:USER`, `server`. */
  readonly actor: string;
  /** Address, where it came by network. */
  readonly from?: string | undefined;
}
