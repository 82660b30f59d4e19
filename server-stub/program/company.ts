import { requireSubcommand } from '#core/host/command-line.ts';
import type { CompanyOptions } from '../commands/company.ts';
import { type Setting, wholeNumberFrom } from './setting.ts';

/** More calls a second than a server answers. */
const MOST_CALLS = 1_000_000;

/** `license-server company …`. */
export function addCompany({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const perSecond = wholeNumberFrom(0, '--rate-limit', MOST_CALLS);
  const group = program.command('company').description(texts.about);
  group
    .command('list')
    .description(texts.list)
    .action(run(async (context) => (await import('../commands/company.ts')).list(context)));
  group
    .command('set')
    .description(texts.set)
    .argument('<CID>', texts.cid)
    .requiredOption('--rate-limit <N>', texts.rateLimit, (text) =>
      text === 'default' ? text : perSecond(text),
    )
    .action(
      run(async (context, cid: string, options: CompanyOptions) =>
        (await import('../commands/company.ts')).set(context, cid, options),
      ),
    );
  requireSubcommand(group);
}

const TEXTS = {
  en: {
    about: 'companies with a grant on this server, and their limits',
    list: 'list companies',
    set: 'change a setting of a company; running servers follow within a second',
    cid: 'CID as listed',
    rateLimit: 'calls per second and endpoint; 0: no limit; default: rateLimitPerSecond of the configuration',
  },
  zh: {
    about: '本服务器上的企业及其限额',
    list: '列出企业',
    set: '更改企业设置，运行中的服务器一秒内生效',
    cid: '列表中的企业编号',
    rateLimit: '每接口每秒的调用次数；0 表示不限；default 表示采用配置中的 rateLimitPerSecond',
  },
};
