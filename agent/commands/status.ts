import type { ExitCode } from '#core/error-table.ts';
import { LicenseError, messageOf } from '#core/errors.ts';
import type { Terminal } from '#core/host/cli.ts';
import type { AgentStatus } from '../client/local-answers.ts';
import { LicenseClient } from '../client.ts';
import { exitCodeOf } from '../exit-code.ts';
import type { CommonOptions } from '../options.ts';
import { showStatus } from '../show-status.ts';
import { locateAgentSocket } from '../sockets.ts';

export interface StatusOptions extends CommonOptions {
  readonly watch?: boolean;
}

/**
 * `status`: all that is known of this device's license; the exit code is that of its state. With `--watch` it is shown
 * again at each change, until Ctrl-C; with `--json` each on a line of its own.
 *
 * @throws as offlineStatus while the daemon is down
 */
export async function status(options: StatusOptions, terminal: Terminal): Promise<ExitCode> {
  const socket = await locateAgentSocket(options, process.env);
  if (options.watch) return watch(socket, terminal);
  const found = await ask(socket, options);
  showStatus(found, terminal);
  return exitCodeOf(found);
}

async function ask(socket: string, options: CommonOptions): Promise<AgentStatus> {
  try {
    return await new LicenseClient({ socket }).status();
  } catch (thrown) {
    if (!(thrown instanceof LicenseError) || thrown.code !== 'daemon_down') throw thrown;
    const { offlineStatus } = await import('../offline-status.ts');
    return offlineStatus(options, process.env);
  }
}

async function watch(socket: string, terminal: Terminal): Promise<ExitCode> {
  const client = new LicenseClient({ socket });
  let last: AgentStatus | undefined;
  client.on('change', (found) => {
    last = found;
    // A screen of its own each time; a file or another program gets them one after the other.
    if (terminal.columns !== undefined && !terminal.json) terminal.out('\x1b[2J\x1b[H');
    showStatus(found, terminal);
  });
  client.on('down', (cause) => terminal.err(`${messageOf(cause, terminal.language)}\n`));
  client.listen();
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  client.close();
  return last === undefined ? 7 : exitCodeOf(last);
}
