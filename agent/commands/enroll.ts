import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { readTextFile } from '#core/host/files.ts';
import { askDaemon } from '../client.ts';
import { loadAgentConfig } from '../config.ts';
import { readEnrollment } from '../enrolled.ts';
import type { CommonOptions } from '../options.ts';
import { socketsIn } from '../sockets.ts';
import { ensureFolder, stateFiles, writeStateFile } from '../state-files.ts';

const MAX_ENROLLMENT_BYTES = 256 * 1024;
const TIMEOUT_MS = 30_000;

/**
 * `enroll FILE`: holds an enrollment file against the pinned vendor root and keeps it; a daemon that runs
 * activates under it at once.
 *
 * @throws `file_unreadable`, `enrollment_malformed`, `enrollment_other_root`, with nothing changed;
 * `file_unwritable`, `store_full`
 */
export async function enroll(file: string, options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const config = loadAgentConfig(options, process.env);
  const text = readTextFile(file, MAX_ENROLLMENT_BYTES);
  const { serverUrls, appId, pid } = readEnrollment(config, text, file).enrollment;

  const daemon = await tellDaemon(socketsIn(config.runtimeDir).admin, text);
  if (!daemon) {
    ensureFolder(config.stateDir, 0o700);
    writeStateFile(stateFiles(config.stateDir).enrollment, text);
  }
  answer(
    terminal,
    { enrolled: true, daemon, serverUrls, appId, pid },
    TEXTS[terminal.language](serverUrls.join(' '), daemon),
  );
  return 0;
}

async function tellDaemon(socket: string, body: string): Promise<boolean> {
  try {
    await askDaemon(socket, { method: 'POST', path: '/v1/enrollment', body, timeoutMs: TIMEOUT_MS });
    return true;
  } catch (thrown) {
    if (thrown instanceof LicenseError && thrown.code === 'daemon_down') return false;
    throw thrown;
  }
}

const TEXTS = {
  en: (servers: string, daemon: boolean) =>
    `enrolled at ${servers}\n${daemon ? 'The daemon activates now.' : 'The daemon will activate when it runs: license-agent run.'}`,
  zh: (servers: string, daemon: boolean) =>
    `已登记到 ${servers}\n${daemon ? '守护进程正在激活。' : '守护进程启动后将自动激活：license-agent run。'}`,
};
