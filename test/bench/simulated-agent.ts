import { createInterface } from 'node:readline';
import { mock } from 'node:test';
import { createLog } from '#core/host/log.ts';
import { loadAgentConfig } from '../../agent/config.ts';
import { startDaemon } from '../../agent/daemon.ts';
import { machineClock } from '../../agent/machine-clock.ts';
import { createServerClient } from '../../agent/server-client.ts';
import { spareMemory } from '../../agent/spare-memory.ts';

// The daemon as it is, in a process of its own, but for its time: `pass SECONDS` on stdin lets it go by.
mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });

async function main(): Promise<void> {
  spareMemory();
  const config = loadAgentConfig({}, process.env);
  const readMachine = machineClock();
  const started = readMachine();
  let passed = 0;
  const daemon = await startDaemon({
    config,
    send: createServerClient({ timeoutMs: 60_000, env: {} }),
    readClock: () => ({ ...started, wall: started.wall + passed, uptime: started.uptime + passed }),
    random: Math.random,
    log: createLog('license-agent', config.logLevel),
  });
  process.stdout.write(`${JSON.stringify(daemon.sockets)}\n`);
  process.once('SIGTERM', () => process.exit(0));

  for await (const line of createInterface({ input: process.stdin })) {
    passed += Number(/^pass (\d+)$/.exec(line)?.[1] ?? 0);
    mock.timers.tick(60_000);
    await daemon.settled();
    process.stdout.write(`${passed}\n`);
  }
}

void main();
