import type { ExitCode } from '#core/error-table.ts';
import type { Terminal } from '#core/host/cli.ts';
import { createLog } from '#core/host/log.ts';
import { loadAgentConfig } from '../config.ts';
import { startDaemon } from '../daemon.ts';
import { machineClock } from '../machine-clock.ts';
import type { CommonOptions } from '../options.ts';
import { createServerClient } from '../server-client.ts';
import { spareMemory } from '../spare-memory.ts';

/**
 * `run`: the daemon in the foreground, until SIGTERM or SIGINT. With `--json` one line says when it is ready.
 *
 * @throws as loadAgentConfig and startDaemon
 */
export async function run(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  spareMemory();
  const config = loadAgentConfig(options, process.env);
  // Whatever it makes belongs to its owner alone, sockets included until their mode is set.
  process.umask(0o077);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const timeoutMs = config.requestTimeoutSeconds * 1000;
  const daemon = await startDaemon({
    config,
    send: createServerClient({ timeoutMs, env: process.env, signal: stop.signal }),
    readClock: machineClock(),
    random: Math.random,
    log: createLog('license-agent', config.logLevel),
  });
  if (terminal.json) {
    const { agent, admin } = daemon.sockets;
    terminal.out(
      `${JSON.stringify({ ready: true, pid: process.pid, agentSocket: agent, adminSocket: admin })}\n`,
    );
  }
  await aborted(stop.signal);
  await daemon.close();
  return 0;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
