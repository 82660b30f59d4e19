import type { Verb } from './batch.ts';
import { changeLicenses, type LicenseOutcome, type LicenseWish } from './change-licenses.ts';
import { stateChange } from './state-change.ts';

export const releasing = stateChange('license.release', 'released');

/**
 * Releases licenses: the device is told at its next contact; the license stays and can be transferred or resumed.
 * The seat remains spent, so that releasing and activating again cannot stretch a year. Source: design, "Quota".
 */
export const release: Verb<LicenseWish, LicenseOutcome> = (transaction, wishes) =>
  changeLicenses(transaction, wishes, releasing);
