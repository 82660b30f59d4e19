import type { DerivedLicenseKey } from '#core/device/license-key.ts';
import type { Bilingual } from '#core/errors.ts';
import type { Identity } from './identity.ts';

/** What of an identity will sooner or later surprise somebody, and what to do about it. */
export const IDENTITY_WARNINGS = {
  license_key_shared: {
    en: 'the LicenseKey comes from the machine-id, which copies of a disk image share; set licenseKeyStrategy to file or literal, or give each copy a machine-id of its own',
    zh: 'LicenseKey 来自 machine-id，同一磁盘镜像的副本会共用它；请将 licenseKeyStrategy 设为 file 或 literal，或让每个副本使用自己的 machine-id',
  },
  license_key_of_host: {
    en: 'this is a container: the LicenseKey is that of the host, and every container on it has the same; set licenseKeyStrategy to file or literal',
    zh: '当前为容器：LicenseKey 取自宿主机，同一宿主机上的容器都相同；请将 licenseKeyStrategy 设为 file 或 literal',
  },
  license_key_unstable: {
    en: 'this is a container: its machine-id comes with the image or is made anew at each start; set licenseKeyStrategy to file or literal, and keep the stateDir on a volume',
    zh: '当前为容器：machine-id 随镜像而来或每次启动时重新生成；请将 licenseKeyStrategy 设为 file 或 literal，并将 stateDir 放在卷上',
  },
  license_key_transient: {
    en: 'the LicenseKey comes from the machine-id, which is kept in memory and made anew at each start; set licenseKeyStrategy to file or literal, or write a machine-id to the disk, and keep the stateDir there, too',
    zh: 'LicenseKey 来自 machine-id，而它位于内存中，每次启动时重新生成；请将 licenseKeyStrategy 设为 file 或 literal，或将 machine-id 写入磁盘，并将 stateDir 也放在磁盘上',
  },
  fingerprint_weak: {
    en: 'fewer than two components are known, so that a reinstalled system is not recognised by its hardware; where some are not readable, as root: license-agent identity --collect',
    zh: '已知的硬件特征不足两项，重装系统后无法凭硬件识别；如有项目无权读取，请以 root 执行：license-agent identity --collect',
  },
} as const satisfies Record<string, Bilingual>;

export type IdentityWarning = keyof typeof IDENTITY_WARNINGS;

/** The warnings that an identity and the LicenseKey derived from it give rise to. */
export function identityWarnings(
  { components, environment, machineIdOrigin }: Identity,
  { source }: Pick<DerivedLicenseKey, 'source'>,
): IdentityWarning[] {
  const ofKey = warningOfKey(source, environment?.kind === 'container', machineIdOrigin);
  const known = Object.values(components).filter((values) => (values?.length ?? 0) > 0).length;
  return [...(ofKey === undefined ? [] : [ofKey]), ...(known < 2 ? (['fingerprint_weak'] as const) : [])];
}

function warningOfKey(
  source: DerivedLicenseKey['source'],
  isContainer: boolean,
  machineIdOrigin: Identity['machineIdOrigin'],
): IdentityWarning | undefined {
  if (source === 'file' || source === 'literal') return undefined;
  if (isContainer && (source !== 'machine' || machineIdOrigin === 'host')) return 'license_key_of_host';
  if (source !== 'machine') return undefined;
  if (isContainer) return 'license_key_unstable';
  return machineIdOrigin === 'memory' ? 'license_key_transient' : 'license_key_shared';
}
