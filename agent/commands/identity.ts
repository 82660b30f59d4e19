import { COMPONENTS } from '#core/device/fingerprint.ts';
import type { DerivedLicenseKey } from '#core/device/license-key.ts';
import type { ExitCode } from '#core/error-table.ts';
import { asLicenseError, type Language } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { writeFileDurably } from '#core/host/files.ts';
import { table } from '#core/host/table.ts';
import { whyAbsent } from '../absent-component.ts';
import { type AgentConfig, loadAgentConfig } from '../config.ts';
import { deriveFrom, identityFileOf, identityOf, readDevice } from '../device.ts';
import { collectIdentity, type Identity } from '../identity.ts';
import { IDENTITY_WARNINGS, type IdentityWarning, identityWarnings } from '../identity-warnings.ts';
import type { CommonOptions } from '../options.ts';
import { ensureFolder } from '../state-files.ts';

export interface IdentityOptions extends CommonOptions {
  readonly collect?: boolean;
}

/**
 * `identity`: what this machine is recognised by and the LicenseKey that follows from it. With `--collect` it
 * is written to the identity file, which the daemon and every command then read. Source: protocol, Identity.
 *
 * @throws as loadAgentConfig; `identity_malformed`, `file_unwritable`
 */
export async function identity(options: IdentityOptions, terminal: Terminal): Promise<ExitCode> {
  const config = loadAgentConfig(options, process.env);
  if (options.collect) await collect(config);
  const found = await identityOf(config);
  const key = await licenseKeyOf(config, found);
  const warnings = key.source === undefined ? [] : identityWarnings(found, { source: key.source });
  const { source: _, ...report } = key;
  answer(terminal, { ...found, ...report, warnings }, text(found, key, warnings, terminal));
  return 0;
}

async function collect(config: AgentConfig): Promise<void> {
  ensureFolder(config.runtimeDir, 0o755);
  // Serial numbers are printed on the device; whoever may ask for its license may read them.
  writeFileDurably(identityFileOf(config), `${JSON.stringify(await collectIdentity())}\n`, 0o644);
}

interface KeyReport {
  readonly licenseKey: string | null;
  readonly licenseKeySource: string;
  readonly source: DerivedLicenseKey['source'] | undefined;
  /** Whether the key is kept already, or would be derived so. */
  readonly kept: boolean;
}

/** The kept LicenseKey where it may be read, else the one that would be derived. */
async function licenseKeyOf(config: AgentConfig, found: Identity): Promise<KeyReport> {
  const kept = await readDevice(config).catch(() => undefined);
  if (kept !== undefined) {
    const { licenseKey, source } = kept.licenseKey;
    return { licenseKey, licenseKeySource: source, source, kept: true };
  }
  try {
    const { licenseKey, source } = deriveFrom(config, found);
    return { licenseKey, licenseKeySource: source, source, kept: false };
  } catch (thrown) {
    return {
      licenseKey: null,
      licenseKeySource: asLicenseError(thrown).code,
      source: undefined,
      kept: false,
    };
  }
}

const TEXTS = {
  en: {
    system: 'System',
    machine: 'machine',
    vm: (name: string) => `virtual machine${name}`,
    container: (name: string) => `container${name}`,
    none: 'not known',
    machineId: 'machine-id (not counted)',
    kept: 'kept',
    derived: 'would be derived',
    fingerprint: 'Fingerprint',
    strong: (count: number) =>
      `${count} components: after a new installation the server recognises this device where more than half agree`,
    weak: (count: number) =>
      `${count} component${count === 1 ? '' : 's'}, and 2 are needed: after a new installation the operator has to rebind it`,
    warning: 'Warning',
  },
  zh: {
    system: '系统',
    machine: '物理机',
    vm: (name: string) => `虚拟机${name}`,
    container: (name: string) => `容器${name}`,
    none: '未知',
    machineId: 'machine-id（不参与匹配）',
    kept: '已保存',
    derived: '将据此生成',
    fingerprint: '硬件指纹',
    strong: (count: number) => `共 ${count} 项：重装系统后，超过半数一致即可被服务器识别`,
    weak: (count: number) => `共 ${count} 项，至少需要 2 项：重装系统后须由管理员重新绑定`,
    warning: '警告',
  },
};

function text(
  found: Identity,
  key: KeyReport,
  warnings: readonly IdentityWarning[],
  terminal: Terminal,
): string {
  const { language } = terminal;
  const words = TEXTS[language];
  const { components, machineId, environment } = found;
  const count = COMPONENTS.filter((name) => components[name] !== undefined).length;
  return table([
    [words.system, systemText(environment, language)],
    ...COMPONENTS.map((name) => [name, components[name]?.join(' ') ?? `– (${whyAbsent(name)[language]})`]),
    [words.machineId, machineId ?? words.none],
    [
      'LicenseKey',
      `${key.licenseKey ?? words.none} (${key.licenseKeySource}, ${key.kept ? words.kept : words.derived})`,
    ],
    [words.fingerprint, count < 2 ? words.weak(count) : words.strong(count)],
    ...warnings.map((warning) => [words.warning, IDENTITY_WARNINGS[warning][language]]),
  ]);
}

function systemText(environment: Identity['environment'], language: Language): string {
  const words = TEXTS[language];
  const name = environment?.name === undefined ? '' : ` (${environment.name})`;
  switch (environment?.kind) {
    case 'vm':
    case 'container':
      return words[environment.kind](name);
    default:
      return words.machine;
  }
}
