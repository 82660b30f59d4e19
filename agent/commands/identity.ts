import type { ExitCode } from '#core/error-table.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { writeFileDurably } from '#core/host/files.ts';
import { type AgentConfig, loadAgentConfig } from '../config.ts';
import { identityFileOf, identityOf } from '../device.ts';
import { collectIdentity } from '../identity.ts';
import { countComponents, type IdentityReport, identityText, isRecognisable } from '../identity-text.ts';
import { identityWarnings } from '../identity-warnings.ts';
import { isOtherNow, keyInUse, licenseKeyReport } from '../license-key-report.ts';
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
  const key = await licenseKeyReport(config, found);
  const used = keyInUse(key);
  const warnings = used === undefined ? [] : identityWarnings(found, used);
  const report = { identity: found, key, strategy: config.licenseKeyStrategy, warnings };
  answer(terminal, reportForPrograms(report), identityText(report, terminal.language));
  return 0;
}

async function collect(config: AgentConfig): Promise<void> {
  ensureFolder(config.runtimeDir, 0o755);
  // Serial numbers are printed on the device; whoever may ask for its license may read them.
  writeFileDurably(identityFileOf(config), `${JSON.stringify(await collectIdentity())}\n`, 0o644);
}

/** The same for programs. */
function reportForPrograms({ identity, key, strategy, warnings }: IdentityReport): object {
  const used = keyInUse(key);
  return {
    ...identity,
    licenseKey: used?.licenseKey ?? null,
    /** Why there is no LicenseKey, where there is none. */
    licenseKeySource: used?.source ?? key.derived,
    licenseKeyStrategy: strategy,
    kept: key.kept !== undefined,
    ...(isOtherNow(key) && typeof key.derived === 'object' && { licenseKeyNow: key.derived.licenseKey }),
    fingerprintComponents: countComponents(identity),
    recognisable: isRecognisable(identity),
    warnings,
  };
}
