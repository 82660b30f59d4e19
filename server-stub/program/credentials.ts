import { requireSubcommand } from '#core/host/command-line.ts';
import type { CredentialOptions } from '../commands/credentials.ts';
import { oneOf, type Setting } from './setting.ts';

/** `license-server credentials …`. */
export function addCredentials({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const group = program.command('credentials').description(texts.about);
  group
    .command('create')
    .description(texts.create)
    .requiredOption('--cid <CID>', texts.cid)
    .option('--scope <SCOPE>', texts.scope, oneOf('--scope', ['full', 'activate']), 'full')
    .action(
      run(async (context, options: CredentialOptions) =>
        (await import('../commands/credentials.ts')).create(context, options),
      ),
    );
  group
    .command('list')
    .description(texts.list)
    .action(run(async (context) => (await import('../commands/credentials.ts')).list(context)));
  group
    .command('revoke')
    .description(texts.revoke)
    .argument('<CUSTOMER_ID>', texts.customerId)
    .action(
      run(async (context, id: string) => (await import('../commands/credentials.ts')).revoke(context, id)),
    );
  requireSubcommand(group);
}

const TEXTS = {
  en: {
    about: 'pairs of customerId and customerSecret for the OpenAPI',
    create: 'make a pair; the secret is shown this once',
    list: 'list pairs, without secrets',
    revoke: 'end a pair, within a second',
    cid: 'company',
    scope: 'full, or activate: only what activates',
    customerId: 'customerId as listed',
  },
  zh: {
    about: 'OpenAPI 凭证（customerId 与 customerSecret）',
    create: '生成一组凭证；密钥只显示这一次',
    list: '列出凭证，不含密钥',
    revoke: '撤销凭证，一秒内生效',
    cid: '企业编号',
    scope: 'full，或 activate（仅限激活）',
    customerId: '列表中的 customerId',
  },
};
