import { once } from 'node:events';
import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { createBufferedLog, createLog } from '#core/host/log.ts';
import { startServer } from '../server.ts';
import type { CommandContext } from './context.ts';

export interface ServeOptions {
  /** Overrides the configuration. */
  legacyHttp?: number;
}

/** `license-server serve`: runs until SIGINT or SIGTERM, then answers what is under way and ends. */
export async function serve(
  { terminal, env, config }: CommandContext,
  { legacyHttp: legacyHttpPort = config.legacyHttpPort }: ServeOptions,
): Promise<ExitCode> {
  const log = createLog('license-server', config.logLevel);
  const accessLog = log.isLevelEnabled('info') ? createBufferedLog('license-server') : undefined;
  const server = await startServer({ ...config, legacyHttpPort }, log, undefined, { accessLog, env });
  const { url, legacyUrl } = server;
  const legacy = legacyUrl !== undefined && { legacyUrl };
  const words = WORDS[terminal.language];
  const lines = [words.ready(url), ...(legacyUrl === undefined ? [] : [words.legacy(legacyUrl)])];
  answer(terminal, { url, ...legacy, pid: process.pid }, lines.join('\n'));
  log.info({ url, ...legacy }, 'ready');
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const [signal] = await Promise.race(signals.map((name) => once(process, name)));
  log.info({ signal }, 'ending');
  await server.close();
  return 0;
}

const WORDS = {
  en: {
    ready: (url: string) => `License server ready: ${url}`,
    legacy: (url: string) => `For older device tools, unencrypted: ${url}`,
  },
  zh: {
    ready: (url: string) => `许可证服务器已就绪：${url}`,
    legacy: (url: string) => `旧版设备工具（明文 HTTP）：${url}`,
  },
};
