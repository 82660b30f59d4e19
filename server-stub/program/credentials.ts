import { requireSubcommand } from '#core/host/command-line.ts';
import type { CreateOptions, RotateOptions } from '../commands/credentials.ts';
import { oneOf, type Setting, wholeNumberFrom } from './setting.ts';

/** A month: programs of several teams are changed in it; longer, and the old secret is never ended. */
const MOST_HOURS = 720;
const DEFAULT_HOURS = 24;

/** `license-server credentials …`. */
export function addCredentials({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const group = program.command('credentials').description(texts.about);
  group
    .command('create')
    .description(texts.create)
    .requiredOption('--cid <CID>', texts.cid)
    .option('--scope <SCOPE>', texts.scope, oneOf('--scope', ['full', 'activate']), 'full')
    .option('--label <TEXT>', texts.label)
    .action(
      run(async (context, options: CreateOptions) =>
        (await import('../commands/credentials.ts')).create(context, options),
      ),
    );
  group
    .command('list')
    .description(texts.list)
    .action(run(async (context) => (await import('../commands/credentials.ts')).list(context)));
  group
    .command('rotate')
    .description(texts.rotate)
    .argument('<CUSTOMER_ID>', texts.customerId)
    .option('--overlap <HOURS>', texts.overlap, wholeNumberFrom(0, '--overlap', MOST_HOURS), DEFAULT_HOURS)
    .action(
      run(async (context, id: string, options: RotateOptions) =>
        (await import('../commands/credentials.ts')).rotate(context, id, options),
      ),
    );
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
    rotate: 'give a pair a new secret, shown this once; the old one goes on for a while',
    revoke: 'end a pair, within a second',
    cid: 'company',
    scope: 'full, or activate: only what activates and looks up',
    label: 'where the pair is used, for the list',
    overlap:
      'hours for which the old secret goes on, so that programs can be changed; 0 where it became known',
    customerId: 'customerId as listed',
  },
  zh: {
    about: 'OpenAPI 凭证（customerId 与 customerSecret）',
    create: '生成一组凭证；密钥只显示这一次',
    list: '列出凭证，不含密钥',
    rotate: '更换密钥，新密钥只显示这一次；旧密钥在一段时间内仍有效',
    revoke: '撤销凭证，一秒内生效',
    cid: '企业编号',
    scope: 'full，或 activate（仅限激活与查询）',
    label: '凭证的用途，显示在列表中',
    overlap: '旧密钥继续有效的小时数，以便逐一更换客户端；密钥已泄露时设为 0',
    customerId: '列表中的 customerId',
  },
};
