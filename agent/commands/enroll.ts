import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { isUsable } from '#core/evaluate.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { readTextFile } from '#core/host/files.ts';
import { askDaemon } from '../client/ask-daemon.ts';
import { loadAgentConfig } from '../config.ts';
import { isSameIssuer, readEnrollment, readStoredEnrollment } from '../enrolled.ts';
import { offlineStatus } from '../offline-status.ts';
import type { CommonOptions } from '../options.ts';
import { socketsIn } from '../sockets.ts';
import { ensureFolder, stateFiles, writeStateFile } from '../state-files.ts';

const MAX_ENROLLMENT_BYTES = 256 * 1024;
/** The daemon may first have to ask every server of the new enrollment. */
const TIMEOUT_MS = 300_000;

/**
 * `enroll FILE`: holds an enrollment file against the pinned vendor root and keeps it; a daemon that runs
 * activates under it at once.
 *
 * @throws `file_unreadable`, `enrollment_malformed`, `enrollment_other_root`, `root_succession_invalid`, and, where a licensed device would
 * move to another server, App or PID, why it got no license there or `daemon_down`, with nothing changed;
 * `file_unwritable`, `store_full`
 */
export async function enroll(file: string, options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const config = loadAgentConfig(options, process.env);
  const text = readTextFile(file, MAX_ENROLLMENT_BYTES);
  const { enrollment } = await readEnrollment(config, text, file);
  const { serverUrls, appId, pid } = enrollment;

  const { admin } = socketsIn(config.runtimeDir);
  const daemon = await tellDaemon(admin, text);
  if (!daemon) {
    const present = (await readStoredEnrollment(config))?.enrollment;
    const moves = present !== undefined && !isSameIssuer(present, enrollment);
    // Only the daemon can hold the one license until it has the other.
    if (moves && isUsable((await offlineStatus(options, process.env)).state)) {
      throw new LicenseError('daemon_down', { socket: admin });
    }
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
