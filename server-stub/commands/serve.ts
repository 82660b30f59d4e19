import { once } from 'node:events';
import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { createLog } from '#core/host/log.ts';
import { startServer } from '../server.ts';
import type { CommandContext } from './context.ts';

/** `license-server serve`: runs until SIGINT or SIGTERM, then answers what is under way and ends. */
export async function serve({ terminal, config }: CommandContext): Promise<ExitCode> {
  const log = createLog('license-server', config.logLevel);
  const server = await startServer(config, log);
  const ready = { en: `License server ready: ${server.url}`, zh: `许可证服务器已就绪：${server.url}` };
  answer(terminal, { url: server.url, pid: process.pid }, ready[terminal.language]);
  log.info({ url: server.url }, 'ready');
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const [signal] = await Promise.race(signals.map((name) => once(process, name)));
  log.info({ signal }, 'ending');
  await server.close();
  return 0;
}
