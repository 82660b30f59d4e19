import type { ErrorCode } from '#core/errors.ts';

/** A document that is only long: `times` times the text `repeat`. */
export interface LongText {
  readonly repeat: string;
  readonly times: number;
}

export type VectorCase = { readonly name: string } & Readonly<Record<string, unknown>> &
  ({ readonly valid: true } | { readonly valid: false; readonly code: ErrorCode });

/** One published file. Other languages read it, so it says in words what its cases are about. */
export interface VectorFile {
  readonly description: string;
  /** The document that demands it, where it is not ours alone. */
  readonly source?: string;
  /** Test keys, private parts included. */
  readonly keys?: object;
  readonly cases: readonly VectorCase[];
}
