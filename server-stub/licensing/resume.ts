import type { Verb } from './batch.ts';
import { changeLicenses, type LicenseOutcome, type LicenseWish } from './change-licenses.ts';
import { stateChange } from './state-change.ts';

export const resumption = stateChange('license.resume', 'active');

/**
 * Makes suspended or released licenses active again. It costs no seat and changes no end: an expired license is
 * active only once it is renewed. Source: design, Words "release".
 */
export const resume: Verb<LicenseWish, LicenseOutcome> = (transaction, wishes) =>
  changeLicenses(transaction, wishes, resumption);
