import type { LicenseChange, LicenseWish } from './change-licenses.ts';
import { labelling } from './label-license.ts';
import type { RowColumn } from './license-rows.ts';
import { rebinding } from './rebind.ts';
import { releasing } from './release.ts';
import { renewing } from './renewing.ts';
import { resumption } from './resume.ts';
import { suspension } from './suspend.ts';
import { transferring } from './transfer.ts';

export type LicenseVerb = 'suspend' | 'resume' | 'renew' | 'release' | 'transfer' | 'rebind' | 'label';

/** Wishes of any verb; each reads its own members. */
export interface ActWish extends LicenseWish {
  readonly toLicenseKey: string;
  readonly renewId?: string | undefined;
  readonly label?: string | undefined;
  readonly group?: string | undefined;
}

/** A verb as operators carry it out, by command or in the Console. */
interface Act {
  readonly change: LicenseChange<ActWish>;
  /** Several at once take something from devices or from what was bought, so a person is asked first. */
  readonly asks: boolean;
  /** Columns that a list needs beside the license; of several in one place any will do. */
  readonly columns?: readonly (readonly RowColumn[])[];
  /** Done twice it is more than done once: a list may name a license only once. */
  readonly once?: true;
}

export const ACTS: Readonly<Record<LicenseVerb, Act>> = {
  suspend: { change: suspension, asks: true },
  resume: { change: resumption, asks: false },
  renew: { change: renewing, asks: true, once: true },
  release: { change: releasing, asks: true },
  transfer: { change: transferring, asks: true, columns: [['toLicenseKey']] },
  rebind: { change: rebinding, asks: true },
  label: { change: labelling, asks: false, columns: [['label', 'group']] },
};
