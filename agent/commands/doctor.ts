import { systemClock } from '#core/clock.ts';
import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { createFileDurably } from '#core/host/files.ts';
import { printable } from '#core/host/printable.ts';
import { VERSION } from '#core/host/version.ts';
import { requireNewFile } from '#core/host/write-new-file.ts';
import { loadAgentConfig } from '../config.ts';
import { type Examination, examine, examineWithout } from '../doctor/examine.ts';
import { findingsText } from '../doctor/findings-text.ts';
import type { CommonOptions } from '../options.ts';

export interface DoctorOptions extends CommonOptions {
  /** File of a report without secrets. */
  readonly bundle?: string;
  /** With serial numbers in the report, and not their digests. */
  readonly withIdentity?: boolean;
}

/**
 * `doctor`: what is wrong among configuration, clock, daemon, store, token, certificates, network, identity, permissions
 * and disk, each with what to do. Exit 0 where nothing is, else 1.
 *
 * @throws `file_exists`, `file_unwritable`, `store_full` of the report
 */
export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<ExitCode> {
  const { bundle, withIdentity } = options;
  if (bundle !== undefined) requireNewFile(bundle);
  // Where no name server answers, the C library would go on asking, and keep this program, for half a minute.
  process.env['RES_OPTIONS'] ??= 'timeout:2 attempts:1';
  const now = systemClock.now();
  const examination = await examineDevice(options, now);
  const { findings } = examination;
  if (bundle !== undefined) {
    const { bundleOf } = await import('../doctor/bundle.ts');
    createFileDurably(bundle, await bundleOf(examination, { env: process.env, now, withIdentity }), 0o600);
  }
  const isSound = findings.every(({ outcome }) => outcome !== 'fault');
  if (terminal.json)
    answer(terminal, { healthy: isSound, agentVersion: VERSION, findings, ...(bundle && { bundle }) }, '');
  else {
    const told = bundle === undefined ? '' : `\n${WORDS[terminal.language].bundle(printable(bundle))}`;
    terminal.out(`${findingsText(findings, terminal)}${told}\n`);
  }
  return isSound ? 0 : 1;
}

/** A configuration that cannot be used is a finding, too. */
async function examineDevice(options: DoctorOptions, now: number): Promise<Examination> {
  try {
    const config = loadAgentConfig(options, process.env);
    return await examine({ config, options, env: process.env, now });
  } catch (thrown) {
    if (thrown instanceof LicenseError && thrown.code.startsWith('config_')) return examineWithout(thrown);
    throw thrown;
  }
}

const WORDS = {
  en: { bundle: (file: string) => `The report, without secrets, is ${file}.` },
  zh: { bundle: (file: string) => `不含机密的报告已写入 ${file}。` },
};
