import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import type { AgentStatus } from '../client/local-answers.ts';
import { LicenseClient } from '../client.ts';
import { exitCodeOf } from '../exit-code.ts';
import type { CommonOptions } from '../options.ts';
import { locateAgentSocket } from '../sockets.ts';
import { statusText } from '../status-text.ts';

/**
 * `status`: all that is known of this device's license; the exit code is that of its state.
 *
 * @throws as offlineStatus while the daemon is down
 */
export async function status(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const found = await ask(options);
  answer(terminal, found, statusText(found, terminal.language));
  return exitCodeOf(found);
}

async function ask(options: CommonOptions): Promise<AgentStatus> {
  const socket = await locateAgentSocket(options, process.env);
  try {
    return await new LicenseClient({ socket }).status();
  } catch (thrown) {
    if (!(thrown instanceof LicenseError) || thrown.code !== 'daemon_down') throw thrown;
    const { offlineStatus } = await import('../offline-status.ts');
    return offlineStatus(options, process.env);
  }
}
