import type { LicenseError } from '#core/errors.ts';
import type { LicenseTable } from '../store/schema.ts';
import type { LicenseChange, LicenseWish } from './change-licenses.ts';
import { storeLicenses } from './store-licenses.ts';

/**
 * A change of a license's state alone; a license that is in it already stays as it is.
 *
 * @param refusal why a license may not come into that state
 */
export function stateChange(
  action: string,
  to: LicenseTable['state'],
  refusal: (license: LicenseTable) => LicenseError | undefined = () => undefined,
): LicenseChange<LicenseWish> {
  return {
    action,
    prepare: async (db) => ({
      alter(license) {
        if (license.state === to) return undefined;
        const refused = refusal(license);
        if (refused !== undefined) return refused;
        license.state = to;
        return {};
      },
      store: (altered) =>
        storeLicenses(
          db,
          { state: 'text' },
          altered.map(({ license }) => license),
        ),
    }),
  };
}
