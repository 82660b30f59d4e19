import type { LicenseChange, LicenseWish } from '../../licensing/change-licenses.ts';
import { labelling } from '../../licensing/label-license.ts';
import { rebinding } from '../../licensing/rebind.ts';
import { releasing } from '../../licensing/release.ts';
import { resumption } from '../../licensing/resume.ts';
import { suspension } from '../../licensing/suspend.ts';
import { transferring } from '../../licensing/transfer.ts';

export type LicenseVerb = 'suspend' | 'resume' | 'release' | 'transfer' | 'rebind' | 'label';

/** Wishes of any verb; each reads its own members. */
export interface ActWish extends LicenseWish {
  readonly toLicenseKey: string;
  readonly label?: string | undefined;
  readonly group?: string | undefined;
}

/** `asks`: several at once take something away from devices, so a person is asked first. */
export const ACTS: Readonly<Record<LicenseVerb, { change: LicenseChange<ActWish>; asks: boolean }>> = {
  suspend: { change: suspension, asks: true },
  resume: { change: resumption, asks: false },
  release: { change: releasing, asks: true },
  transfer: { change: transferring, asks: true },
  rebind: { change: rebinding, asks: true },
  label: { change: labelling, asks: false },
};
