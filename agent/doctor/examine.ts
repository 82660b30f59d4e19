import type { AgentStatus } from '../client/local-answers.ts';
import type { AgentConfig } from '../config.ts';
import { deriveFrom, identityOf, readDevice } from '../device.ts';
import { readStoredEnrollment } from '../enrolled.ts';
import type { Identity } from '../identity.ts';
import { IDENTITY_WARNINGS, identityWarnings } from '../identity-warnings.ts';
import type { CommonOptions, Environment } from '../options.ts';
import { type Finding, faultOf, finding } from './finding.ts';
import { lookAtFiles } from './look-at-files.ts';
import { lookAtLicense } from './look-at-license.ts';
import { lookAtNetwork } from './look-at-network.ts';

export interface Examination {
  readonly findings: readonly Finding[];
  readonly status: AgentStatus | undefined;
  readonly identity: Identity;
}

/** Looks at all that a license needs, from the clock to the token; nothing is changed. */
export async function examine(
  config: AgentConfig,
  options: CommonOptions,
  env: Environment,
  now: number,
): Promise<Examination> {
  const [{ findings: license, status }, network, identity] = await Promise.all([
    lookAtLicense(config, options, env, now),
    networkOf(config, env, now),
    identityOf(config),
  ]);
  const findings = [
    ...license,
    ...network,
    ...(await recognitionOf(config, identity)),
    ...lookAtFiles(config),
  ];
  return { findings, status, identity };
}

async function networkOf(config: AgentConfig, env: Environment, now: number): Promise<Finding[]> {
  try {
    const stored = readStoredEnrollment(config);
    if (stored !== undefined) return await lookAtNetwork(stored.enrollment, env, now);
    return [finding('server', 'skipped', { en: 'this device is not enrolled', zh: '本设备尚未登记' })];
  } catch (thrown) {
    return [faultOf('enrollment', thrown)];
  }
}

async function recognitionOf(config: AgentConfig, identity: Identity): Promise<Finding[]> {
  try {
    const kept = await readDevice(config).catch(() => undefined);
    const key = kept?.licenseKey ?? deriveFrom(config, identity);
    const warnings = identityWarnings(identity, key);
    const shown = `${key.licenseKey} (${key.source})`;
    return warnings.length === 0
      ? [finding('identity', 'ok', { en: shown, zh: shown })]
      : warnings.map((warning) => finding('identity', 'warning', IDENTITY_WARNINGS[warning]));
  } catch (thrown) {
    return [faultOf('identity', thrown)];
  }
}
