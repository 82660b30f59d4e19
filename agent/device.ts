import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DerivedLicenseKey,
  deriveLicenseKey,
  type LicenseKeyStrategy,
} from '#core/device/license-key.ts';
import { LicenseError } from '#core/errors.ts';
import { readTextFile } from '#core/host/files.ts';
import { readKeyFile, readOrCreateKeyFile } from '#core/host/key-file.ts';
import { parseLicenseKey } from '#core/ids.ts';
import type { SigningKey } from '#core/keys.ts';
import type { AgentConfig } from './config.ts';
import { detectEnvironment } from './environment.ts';
import { collectIdentity, type Identity, readIdentityFile } from './identity.ts';
import { ensureFolder, stateFiles, writeStateFile } from './state-files.ts';

/** This machine, as a license knows it. */
export interface Device {
  readonly key: SigningKey;
  readonly licenseKey: DerivedLicenseKey;
  readonly identity: Identity;
}

/**
 * The device, with key and LicenseKey made on first use and then kept. Source: protocol, Identity.
 *
 * @throws `key_file_permissions`, `key_malformed`, `license_key_underivable`, `license_key_invalid`,
 * `config_invalid`, `file_unreadable`, `file_unwritable`, `store_full`
 */
export async function openDevice(config: AgentConfig): Promise<Device> {
  ensureFolder(config.stateDir, 0o700);
  const files = stateFiles(config.stateDir);
  const identity = await identityOf(config);
  const key = readOrCreateKeyFile(files.deviceKey);
  const kept = readKeptLicenseKey(files.licenseKey);
  const licenseKey = kept ?? deriveFrom(config, identity);
  if (kept === undefined)
    writeStateFile(files.licenseKey, `${licenseKey.licenseKey}\n${licenseKey.source}\n`);
  return { key, licenseKey, identity };
}

/** The device as it is, nothing made; undefined where the daemon never ran. */
export async function readDevice(config: AgentConfig): Promise<Device | undefined> {
  const files = stateFiles(config.stateDir);
  const licenseKey = readKeptLicenseKey(files.licenseKey);
  if (licenseKey === undefined || !existsSync(files.deviceKey)) return undefined;
  return { key: readKeyFile(files.deviceKey), licenseKey, identity: await identityOf(config) };
}

/** The machine's identity: from the file of the privileged step where it exists, else as far as we may read. */
export async function identityOf(config: AgentConfig): Promise<Identity> {
  const file = identityFileOf(config);
  if (config.identityFile === undefined && !existsSync(file)) return collectIdentity();
  // A file of an earlier program does not say what the system runs on.
  return { environment: detectEnvironment(), ...readIdentityFile(file) };
}

export function identityFileOf({ identityFile, runtimeDir }: AgentConfig): string {
  return identityFile ?? join(runtimeDir, 'identity.json');
}

/** The LicenseKey that the configured strategy gives for an identity. */
export function deriveFrom(config: AgentConfig, { components, machineId }: Identity): DerivedLicenseKey {
  return deriveLicenseKey(strategyOf(config), components, machineId);
}

function strategyOf({
  licenseKeyStrategy: kind,
  licenseKeyFile,
  licenseKeyValue,
}: AgentConfig): LicenseKeyStrategy {
  switch (kind) {
    case 'file':
      return { kind, content: readTextFile(required('licenseKeyFile', licenseKeyFile), 4096) };
    case 'literal':
      return { kind, value: required('licenseKeyValue', licenseKeyValue) };
    default:
      return { kind };
  }
}

function required(key: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new LicenseError('config_invalid', {
    file: { en: 'of this agent', zh: '文件' },
    key,
    problem: { en: 'is missing, licenseKeyStrategy needs it', zh: '缺失，licenseKeyStrategy 需要它' },
  });
}

const SOURCES = ['serial', 'mac', 'machine', 'file', 'literal'] as const;

/** The file's first line is the LicenseKey, its second where it came from. */
function readKeptLicenseKey(file: string): DerivedLicenseKey | undefined {
  if (!existsSync(file)) return undefined;
  const [licenseKey, line] = readTextFile(file, 4096).split('\n');
  const source = SOURCES.find((name) => name === line) ?? 'literal';
  return { licenseKey: parseLicenseKey(licenseKey), source, shared: source === 'machine' };
}
