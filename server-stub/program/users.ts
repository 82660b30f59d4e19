import { requireSubcommand } from '#core/host/command-line.ts';
import type { AddUserOptions, ChangeUserOptions, ResetUserOptions } from '../commands/users.ts';
import { ROLES } from '../users/role.ts';
import { oneOf, type Setting } from './setting.ts';

/** `license-server users …`: who signs in to the Console. */
export function addUsers({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const commands = () => import('../commands/users.ts');
  const group = program.command('users').description(texts.about);
  group
    .command('add')
    .description(texts.add)
    .argument('<NAME>', texts.name)
    .option('--role <ROLE>', texts.role, oneOf('--role', [...ROLES]), 'viewer')
    .option('--cid <CID>', texts.cid)
    .action(
      run(async (context, name: string, options: AddUserOptions) =>
        (await commands()).add(context, name, options),
      ),
    );
  group
    .command('list')
    .description(texts.list)
    .action(run(async (context) => (await commands()).list(context)));
  group
    .command('change')
    .description(texts.change)
    .argument('<NAME>', texts.name)
    .option('--role <ROLE>', texts.role, oneOf('--role', [...ROLES]))
    .option('--cid <CID|all>', texts.cid)
    .action(
      run(async (context, name: string, options: ChangeUserOptions) =>
        (await commands()).changeRole(context, name, options),
      ),
    );
  group
    .command('reset')
    .description(texts.reset)
    .argument('<NAME>', texts.name)
    .option('--second-factor', texts.secondFactor, false)
    .action(
      run(async (context, name: string, options: ResetUserOptions) =>
        (await commands()).reset(context, name, options),
      ),
    );
  for (const verb of ['disable', 'enable'] as const)
    group
      .command(verb)
      .description(texts[verb])
      .argument('<NAME>', texts.name)
      .action(
        run(async (context, name: string) => (await commands()).disable(context, name, verb === 'disable')),
      );
  requireSubcommand(group);
}

const TEXTS = {
  en: {
    about: 'who signs in to the Console',
    add: 'let a person sign in; a password to begin with is shown this once',
    list: 'list users',
    change: 'give a user another role or company; the user signs in anew',
    reset: 'give a user a new password to begin with; ends a lock, and where the user is signed in',
    disable: 'keep a user out, at once',
    enable: 'let a disabled user in again',
    name: 'user name',
    role: 'viewer looks, operator runs licenses, admin runs the server as well',
    cid: 'the one company that the user sees (default: all)',
    secondFactor: 'end the second factor too: for who lost the device',
  },
  zh: {
    about: '可登录控制台的用户',
    add: '添加用户；初始密码只显示这一次',
    list: '列出用户',
    change: '修改用户的角色或企业；该用户须重新登录',
    reset: '为用户重置初始密码，解除锁定并结束其登录',
    disable: '立即停用用户',
    enable: '重新启用用户',
    name: '用户名',
    role: 'viewer 只读，operator 管理许可证，admin 还可管理服务器',
    cid: '用户可查看的唯一企业（默认全部）',
    secondFactor: '同时取消双因素验证（设备遗失时）',
  },
};
