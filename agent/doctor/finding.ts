import { asLicenseError, type Bilingual, messageOf, remedyOf } from '#core/errors.ts';

export type FindingOutcome = 'ok' | 'warning' | 'fault' | 'skipped';

/** What was looked at, how it is, and what to do where it is not well. */
export interface Finding {
  /** Stable: programs tell findings by it. */
  readonly id: string;
  readonly outcome: FindingOutcome;
  readonly what: Bilingual;
  readonly remedy?: Bilingual;
}

export function finding(id: string, outcome: FindingOutcome, what: Bilingual, remedy?: Bilingual): Finding {
  return { id, outcome, what, ...(remedy && { remedy }) };
}

/** The finding of an error of ours: its message and its remedy. */
export function faultOf(id: string, thrown: unknown, outcome: FindingOutcome = 'fault'): Finding {
  const error = asLicenseError(thrown);
  return finding(
    id,
    outcome,
    { en: messageOf(error, 'en'), zh: messageOf(error, 'zh') },
    { en: remedyOf(error, 'en'), zh: remedyOf(error, 'zh') },
  );
}
