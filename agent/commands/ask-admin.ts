import type { ExitCode } from '#core/error-table.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { askDaemon } from '../client/ask-daemon.ts';
import type { AgentStatus } from '../client/local-answers.ts';
import { loadAgentConfig } from '../config.ts';
import { exitCodeOf } from '../exit-code.ts';
import type { CommonOptions } from '../options.ts';
import { socketsIn } from '../sockets.ts';
import { statusText } from '../status-text.ts';

/** The daemon may try several server URLs, each with its own timeout, behind a contact under way. */
const TIMEOUT_MS = 600_000;

/**
 * Has the daemon do something that changes what is held, and shows the status after it.
 *
 * @throws `daemon_down`; the code that the daemon answered with
 */
export async function askAdmin(path: string, options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const { admin } = socketsIn(loadAgentConfig(options, process.env).runtimeDir);
  const status = (await askDaemon(admin, { method: 'POST', path, timeoutMs: TIMEOUT_MS })) as AgentStatus;
  answer(terminal, status, statusText(status, terminal.language));
  return exitCodeOf(status);
}
