import { COMPONENTS } from '#core/device/fingerprint.ts';
import type { ExitCode } from '#core/error-table.ts';
import { asLicenseError, type Language } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { writeFileDurably } from '#core/host/files.ts';
import { type AgentConfig, loadAgentConfig } from '../config.ts';
import { deriveFrom, identityFileOf, identityOf, readDevice } from '../device.ts';
import { collectIdentity, type Identity } from '../identity.ts';
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
  const value = { ...found, ...key };
  answer(terminal, value, text(found, key, terminal.language));
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
  /** Whether the key is kept already, or would be derived so. */
  readonly kept: boolean;
}

/** The kept LicenseKey where it may be read, else the one that would be derived. */
async function licenseKeyOf(config: AgentConfig, found: Identity): Promise<KeyReport> {
  const kept = await readDevice(config).catch(() => undefined);
  if (kept !== undefined) {
    const { licenseKey, source } = kept.licenseKey;
    return { licenseKey, licenseKeySource: source, kept: true };
  }
  try {
    const { licenseKey, source } = deriveFrom(config, found);
    return { licenseKey, licenseKeySource: source, kept: false };
  } catch (thrown) {
    return { licenseKey: null, licenseKeySource: asLicenseError(thrown).code, kept: false };
  }
}

const TEXTS = {
  en: { none: 'not known', machineId: 'machine-id (not counted)', kept: 'kept', derived: 'would be derived' },
  zh: { none: '未知', machineId: 'machine-id（不参与匹配）', kept: '已保存', derived: '将据此生成' },
};

function text({ components, machineId }: Identity, key: KeyReport, language: Language): string {
  const words = TEXTS[language];
  return [
    ...COMPONENTS.map((name) => [name, components[name]?.join(' ') ?? words.none]),
    [words.machineId, machineId ?? words.none],
    [
      'LicenseKey',
      `${key.licenseKey ?? words.none} (${key.licenseKeySource}, ${key.kept ? words.kept : words.derived})`,
    ],
  ]
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}
