import { hostname, networkInterfaces } from 'node:os';
import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { authorityFile, initialize } from '../installation.ts';
import type { CommandContext } from './context.ts';

export interface InitOptions {
  vendorRoots: string;
  host: string[];
}

/** `license-server init`: keys, certificate authority, TLS certificate, empty store. */
export async function init(
  { terminal, config }: CommandContext,
  { vendorRoots, host }: InitOptions,
): Promise<ExitCode> {
  const hosts = host.length > 0 ? host : ownNames();
  const { stateDir } = config;
  const { serverId, roots } = await initialize(config, vendorRoots, hosts);
  const caFile = authorityFile(stateDir);
  const words = WORDS[terminal.language];
  const facts = table([
    [words.server, serverId],
    [words.folder, stateDir],
    [words.vendor, roots.vendor],
    [words.authority, caFile],
    ...hosts.map((name, index) => [index === 0 ? words.hosts : '', name]),
  ]);
  answer(terminal, { serverId, stateDir, caFile, hosts, vendor: roots.vendor }, `${facts}\n${words.next}`);
  return 0;
}

/** Every name and address under which this machine may be reached. */
function ownNames(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address }) => address)
    .filter((address) => !address.startsWith('fe80:'));
  return [...new Set(['localhost', hostname(), '127.0.0.1', '::1', ...addresses])];
}

const WORDS = {
  en: {
    server: 'Server',
    folder: 'Folder',
    vendor: 'Vendor',
    authority: 'CA certificate',
    hosts: 'TLS names',
    next: 'Next: apply for licenses with license-server apply.',
  },
  zh: {
    server: '服务器',
    folder: '目录',
    vendor: '厂商',
    authority: 'CA 证书',
    hosts: 'TLS 名称',
    next: '下一步：使用 license-server apply 申请许可证。',
  },
};
