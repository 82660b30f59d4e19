import { hostname, networkInterfaces } from 'node:os';
import { answer } from '#core/host/cli.ts';
import { authorityFile, initialize } from '../installation.ts';
import { openStore } from '../store/database.ts';
import type { CommandContext } from './context.ts';

export interface InitOptions {
  vendorRoots: string;
  host: string[];
}

/** `license-server init`: keys, certificate authority, TLS certificate, empty store. */
export async function init(
  { terminal, config }: CommandContext,
  { vendorRoots, host }: InitOptions,
): Promise<void> {
  const hosts = host.length > 0 ? host : ownNames();
  const { serverId, roots, storeFile } = await initialize(config.stateDir, vendorRoots, hosts);
  await (await openStore(storeFile)).close();
  const caFile = authorityFile(config.stateDir);
  const text =
    terminal.language === 'zh'
      ? `服务器 ${serverId} 已初始化：${config.stateDir}\n厂商：${roots.vendor}\nTLS 证书适用于：${hosts.join('、')}\nCA 证书：${caFile}\n下一步：license-server apply`
      : `Server ${serverId} initialised in ${config.stateDir}\nVendor: ${roots.vendor}\nTLS certificate for: ${hosts.join(', ')}\nCA certificate: ${caFile}\nNext: license-server apply`;
  answer(terminal, { serverId, stateDir: config.stateDir, caFile, hosts, vendor: roots.vendor }, text);
}

/** Every name and address under which this machine may be reached. */
function ownNames(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address }) => address)
    .filter((address) => !address.startsWith('fe80:'));
  return [...new Set(['localhost', hostname(), '127.0.0.1', '::1', ...addresses])];
}
