import { COMPONENTS, type ComponentName } from '#core/device/fingerprint.ts';
import type { DerivedLicenseKey } from '#core/device/license-key.ts';
import type { Bilingual, Language } from '#core/errors.ts';
import { table } from '#core/host/table.ts';
import type { AgentConfig } from './config.ts';
import type { Identity } from './identity.ts';
import { IDENTITY_WARNINGS, type IdentityWarning } from './identity-warnings.ts';
import { ignoredText } from './ignored-value.ts';
import { isOtherNow, keyInUse, type LicenseKeyReport } from './license-key-report.ts';
import type { MachineIdOrigin } from './machine-id.ts';

/** What there is to say about an identity. */
export interface IdentityReport {
  readonly identity: Identity;
  readonly key: LicenseKeyReport;
  readonly strategy: AgentConfig['licenseKeyStrategy'];
  readonly warnings: readonly IdentityWarning[];
}

/** As many as a line takes. */
const MOST_IGNORED = 4;
/** For a new installation to be recognised. Source: protocol, Identity, "Fingerprint components". */
const ENOUGH_COMPONENTS = 2;

/** How many components of the fingerprint are known. */
export function countComponents({ components }: Identity): number {
  return COMPONENTS.filter((name) => (components[name]?.length ?? 0) > 0).length;
}

/** Whether the server can recognise the device by its hardware. */
export function isRecognisable(identity: Identity): boolean {
  return countComponents(identity) >= ENOUGH_COMPONENTS;
}

/** What a machine is recognised by, what that means, and what will surprise, in words. */
export function identityText(
  { identity, key, strategy, warnings }: IdentityReport,
  language: Language,
): string {
  const words = WORDS[language];
  const count = countComponents(identity);
  const isStrong = isRecognisable(identity);
  return table([
    [words.system, systemText(identity.environment, language)],
    ...COMPONENTS.map((name) => [name, componentText(identity, name, language)]),
    [words.machineId, machineIdText(identity, language)],
    ['LicenseKey', keyText(key, strategy, language)],
    ...(isOtherNow(key) ? [['', otherText(key, language)]] : []),
    [words.fingerprint, words.components(count)],
    [words.reinstalled, isStrong ? words.recognised : words.unknown],
    [words.copied, isStrong ? words.toldApart : words.notToldApart],
    ...warnings.map((warning) => [words.warning, IDENTITY_WARNINGS[warning][language]]),
  ]);
}

/** The machine, hypervisor or container that a system is or runs on. */
function systemText(environment: Identity['environment'], language: Language): string {
  const { kind = 'machine', name } = environment ?? {};
  return `${KINDS[kind][language]}${name === undefined ? '' : ` (${name})`}`;
}

function componentText({ components, ignored }: Identity, name: ComponentName, language: Language): string {
  const values = components[name];
  if (values !== undefined) return values.join(' ');
  const seen = ignored?.[name] ?? [];
  if (seen.length === 0) return `– (${WORDS[language].absent})`;
  const reasons = seen.slice(0, MOST_IGNORED).map((each) => ignoredText(each)[language]);
  const more = seen.length > MOST_IGNORED ? ['…'] : [];
  return `– (${[...reasons, ...more].join(WORDS[language].semicolon)})`;
}

function machineIdText({ machineId, machineIdOrigin }: Identity, language: Language): string {
  if (machineId === undefined) return `– (${WORDS[language].absent})`;
  return machineIdOrigin === undefined ? machineId : `${machineId} (${ORIGINS[machineIdOrigin][language]})`;
}

function keyText(key: LicenseKeyReport, strategy: AgentConfig['licenseKeyStrategy'], language: Language) {
  const words = WORDS[language];
  const used = keyInUse(key);
  if (used === undefined) return `– (${words.underivable(strategy, String(key.derived))})`;
  const origin = words.from(strategy, SOURCES[used.source][language]);
  return `${used.licenseKey} (${origin}${key.kept === undefined ? words.derived : words.kept})`;
}

function otherText({ derived }: LicenseKeyReport, language: Language): string {
  return typeof derived === 'string' ? '' : WORDS[language].otherNow(derived.licenseKey);
}

const KINDS: Readonly<Record<NonNullable<Identity['environment']>['kind'], Bilingual>> = {
  machine: { en: 'machine', zh: '物理机' },
  vm: { en: 'virtual machine', zh: '虚拟机' },
  container: { en: 'container', zh: '容器' },
};

const SOURCES: Readonly<Record<DerivedLicenseKey['source'], Bilingual>> = {
  serial: { en: 'the serial number of board or SoC', zh: '主板或 SoC 序列号' },
  mac: { en: 'the lowest permanent MAC address', zh: '最小的永久 MAC 地址' },
  machine: { en: 'the machine-id', zh: ' machine-id' },
  file: { en: 'licenseKeyFile', zh: ' licenseKeyFile' },
  literal: { en: 'licenseKeyValue', zh: ' licenseKeyValue' },
};

const ORIGINS: Readonly<Record<MachineIdOrigin, Bilingual>> = {
  disk: { en: 'on the disk: copies of this system have the same', zh: '位于磁盘：本系统的副本与之相同' },
  image: {
    en: 'in the container: all of its image have the same, or another at each start',
    zh: '位于容器中：同一镜像的容器相同，或每次启动都不同',
  },
  host: { en: 'that of the host: all its containers have the same', zh: '来自宿主机：其所有容器相同' },
  memory: { en: 'in memory: another at each start', zh: '位于内存：每次启动都不同' },
};

const WORDS = {
  en: {
    semicolon: '; ',
    system: 'System',
    absent: 'this system has none',
    machineId: 'machine-id (not counted)',
    from: (strategy: string, source: string) => `strategy ${strategy}: from ${source}`,
    kept: ', kept',
    derived: ', would be derived',
    underivable: (strategy: string, code: string) => `strategy ${strategy} gives none: ${code}`,
    otherNow: (licenseKey: string) =>
      `the machine or its configuration now gives ${licenseKey}; the kept one stays (to change it: license-agent transfer)`,
    fingerprint: 'Fingerprint',
    components: (count: number) => `${count} component${count === 1 ? '' : 's'}`,
    reinstalled: 'System installed anew',
    recognised: 'the server recognises this device where more than half of the components agree',
    unknown: 'is not recognised, which takes 2 components: the operator has to rebind it',
    copied: 'Disk copied to another board',
    toldApart: 'is another device (different_device) where at most half of the components agree',
    notToldApart: 'cannot be told from this device, which takes 2 components',
    warning: 'Warning',
  },
  zh: {
    semicolon: '；',
    system: '系统',
    absent: '本系统没有',
    machineId: 'machine-id（不参与匹配）',
    from: (strategy: string, source: string) => `策略 ${strategy}：取自${source}`,
    kept: '，已保存',
    derived: '，将据此生成',
    underivable: (strategy: string, code: string) => `策略 ${strategy} 无法得出：${code}`,
    otherNow: (licenseKey: string) =>
      `本机或其配置现在会得出 ${licenseKey}；仍使用已保存的 LicenseKey（如需更换：license-agent transfer）`,
    fingerprint: '硬件指纹',
    components: (count: number) => `共 ${count} 项`,
    reinstalled: '重装系统后',
    recognised: '超过半数一致即可被服务器识别',
    unknown: '至少需要 2 项，无法识别：须由管理员重新绑定',
    copied: '磁盘复制到另一主板后',
    toldApart: '至多半数一致即为另一台设备（different_device）',
    notToldApart: '至少需要 2 项，无法与本设备区分',
    warning: '警告',
  },
};
