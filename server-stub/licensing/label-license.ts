import { LicenseError } from '#core/errors.ts';
import type { Verb } from './batch.ts';
import {
  changeLicenses,
  type LicenseChange,
  type LicenseOutcome,
  type LicenseWish,
} from './change-licenses.ts';
import { storeLicenses } from './store-licenses.ts';

/** What is left out stays; '' takes it away. */
export interface LabelWish extends LicenseWish {
  readonly label?: string | undefined;
  readonly group?: string | undefined;
}

const MAX_CHARACTERS = 100;
/** Controls, format characters that turn text around, unassigned, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

export const labelling: LicenseChange<LabelWish> = {
  action: 'license.label',
  prepare: async (db) => ({
    alter(license, wish) {
      const { label = license.label, group = license.group_name } = wish;
      const fault = labelFault('label', label) ?? labelFault('group', group);
      if (fault !== undefined) return fault;
      if (label === license.label && group === license.group_name) return undefined;
      license.label = label;
      license.group_name = group;
      return { label, group };
    },
    store: (altered) =>
      storeLicenses(
        db,
        { label: 'text', group_name: 'text' },
        altered.map(({ license }) => license),
      ),
  }),
};

/** Gives licenses a label and a group (room, building). Refused: `parameter_invalid`. */
export const labelLicense: Verb<LabelWish, LicenseOutcome> = (transaction, wishes) =>
  changeLicenses(transaction, wishes, labelling);

/** Why a text may be neither label nor group: a line of at most 100 characters, or nothing. */
function labelFault(name: string, text: string): LicenseError | undefined {
  const fits = [...text].length <= MAX_CHARACTERS && !UNPRINTABLE.test(text) && text.trim() === text;
  if (fits) return undefined;
  const problem = {
    en: `is not a line of at most ${MAX_CHARACTERS} printable characters without surrounding space`,
    zh: `必须为一行不超过 ${MAX_CHARACTERS} 个的可打印字符，首尾不能有空格`,
  };
  return new LicenseError('parameter_invalid', { name, problem });
}
