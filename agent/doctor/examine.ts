import type { Bilingual, LicenseError } from '#core/errors.ts';
import { type Circumstances, type CircumstancesOptions, circumstancesOf } from './circumstances.ts';
import { FINDING_IDS, type Finding, type FindingId, faultOf, finding } from './finding.ts';
import { lookAtCertificate } from './look-at-certificate.ts';
import { lookAtClock } from './look-at-clock.ts';
import { lookAtDaemon } from './look-at-daemon.ts';
import { lookAtDisk } from './look-at-disk.ts';
import { lookAtEnrollment } from './look-at-enrollment.ts';
import { lookAtIdentity } from './look-at-identity.ts';
import { lookAtNetwork } from './look-at-network.ts';
import { lookAtPermissions } from './look-at-permissions.ts';
import { lookAtRefresh } from './look-at-refresh.ts';
import { lookAtStore } from './look-at-store.ts';
import { lookAtToken } from './look-at-token.ts';

export interface Examination {
  readonly findings: readonly Finding[];
  /** Undefined where the configuration does not tell where anything is. */
  readonly circumstances?: Circumstances;
}

type Look = (circumstances: Circumstances) => Finding | Finding[] | Promise<Finding[]>;

/** What is looked at on the device itself. */
const LOOKS: readonly (readonly [FindingId, Look])[] = [
  ['daemon', lookAtDaemon],
  ['store', lookAtStore],
  ['enrollment', lookAtEnrollment],
  ['token', lookAtToken],
  ['refresh', lookAtRefresh],
  ['certificate', lookAtCertificate],
  ['identity', lookAtIdentity],
  ['permissions', lookAtPermissions],
  ['disk', lookAtDisk],
];

/** Looks at all that a license needs, from the clock to the token; of what the agent keeps nothing is changed. */
export async function examine(options: CircumstancesOptions): Promise<Examination> {
  const circumstances = await circumstancesOf(options);
  const [network, ...device] = await Promise.all([
    lookAtNetwork(circumstances),
    ...LOOKS.map(([id, look]) => lookOrFault(id, look, circumstances)),
  ]);
  const { findings, serverTimes } = network;
  const { configFile = '' } = circumstances;
  const all = [
    finding('configuration', 'ok', configFile === '' ? DEFAULTS : { en: configFile, zh: configFile }, {
      detail: { file: configFile },
    }),
    lookAtClock(circumstances, serverTimes),
    ...device.flat(),
    ...findings,
  ];
  // Several of a kind stay in their order.
  const sorted = all.toSorted((one, other) => rank(one) - rank(other));
  return { findings: sorted, circumstances };
}

/** What is left to say of a device whose configuration cannot be used. */
export function examineWithout(configurationFault: LicenseError): Examination {
  const [, ...others] = FINDING_IDS;
  return {
    findings: [
      faultOf('configuration', configurationFault),
      ...others.map((id) => finding(id, 'skipped', NO_CONFIGURATION)),
    ],
  };
}

const DEFAULTS: Bilingual = { en: 'there is no file; all is by default', zh: '没有配置文件，全部使用默认值' };
const NO_CONFIGURATION: Bilingual = { en: 'the configuration cannot be used', zh: '配置无法使用' };

/** A look that itself fails tells so, and the others go on. */
async function lookOrFault(id: FindingId, look: Look, circumstances: Circumstances): Promise<Finding[]> {
  try {
    return [await look(circumstances)].flat();
  } catch (thrown) {
    return [faultOf(id, thrown)];
  }
}

function rank({ id }: Finding): number {
  return FINDING_IDS.indexOf(id);
}
