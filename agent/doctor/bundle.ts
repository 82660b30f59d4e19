import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { arch, release, version } from 'node:os';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { VERSION } from '#core/host/version.ts';
import type { AgentConfig } from '../config.ts';
import type { Identity } from '../identity.ts';
import type { Examination } from './examine.ts';

const LOG_LINES = 500;

/**
 * A report for whoever helps, gzipped JSON: what doctor found, the status, the configuration, the newest log lines. It
 * holds no secret: neither key nor enrollment is read for it, and serial numbers stand in it as digests.
 */
export async function bundleOf(
  { findings, status, identity }: Examination,
  config: AgentConfig,
): Promise<Buffer> {
  const report = {
    version: 1,
    agentVersion: VERSION,
    node: process.version,
    system: { arch: arch(), release: release(), version: version(), environment: identity.environment },
    findings,
    status: status ?? null,
    identity: digested(identity),
    configuration: config,
    log: await newestLog(),
  };
  return gzipSync(`${JSON.stringify(report, null, 2)}\n`);
}

function digested({ components }: Identity): Record<string, string[]> {
  const digest = (value: string) => createHash('sha256').update(value).digest('hex').slice(0, 12);
  return Object.fromEntries(
    Object.entries(components).map(([name, values]) => [name, (values ?? []).map(digest)]),
  );
}

/** Where there is no journal, or none that this user may read, there is none in the report. */
async function newestLog(): Promise<string[]> {
  try {
    const command = ['-u', 'license-agent', '-n', String(LOG_LINES), '-o', 'cat', '--no-pager', '-q'];
    const { stdout } = await promisify(execFile)('journalctl', command, { timeout: 10_000 });
    return stdout.trimEnd().split('\n');
  } catch {
    return [];
  }
}
