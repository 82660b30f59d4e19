import { LicenseError } from '#core/errors.ts';
import type { Verb } from './batch.ts';
import { changeLicenses, type LicenseOutcome, type LicenseWish } from './change-licenses.ts';
import { stateChange } from './state-change.ts';

export const suspension = stateChange('license.suspend', 'suspended', ({ state, license_key }) =>
  state === 'released' ? new LicenseError('released', { licenseKey: license_key }) : undefined,
);

/**
 * Suspends licenses: the device pauses at its next refresh, until the license is resumed. Refused: `released`,
 * which nobody uses. Source: protocol, "What ends a license on a device".
 */
export const suspend: Verb<LicenseWish, LicenseOutcome> = (transaction, wishes) =>
  changeLicenses(transaction, wishes, suspension);
