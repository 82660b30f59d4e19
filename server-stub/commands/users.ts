import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { localDay } from '#core/local-time.ts';
import { oneTimePassword } from '../users/one-time-password.ts';
import { hashPassword } from '../users/password.ts';
import type { Role } from '../users/role.ts';
import { changeUser, createUser, listUsers, type User, type UserChange } from '../users/users.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

export interface AddUserOptions {
  role: Role;
  cid?: string;
}

export interface ChangeUserOptions {
  role?: Role;
  /** `all`: every company. */
  cid?: string;
}

export interface ResetUserOptions {
  secondFactor: boolean;
}

/** `license-server users add NAME`: a password to begin with is shown this once. */
export async function add(context: CommandContext, name: string, options: AddUserOptions): Promise<ExitCode> {
  const { role, cid = null } = options;
  const password = oneTimePassword();
  const passwordHash = await hashPassword(password);
  const user = await withStore(context, (store) =>
    store.write(now(), (transaction) =>
      createUser(transaction, { name, role, cid, passwordHash }, operator(context)),
    ),
  );
  return answerPassword(context, user, password);
}

/** `license-server users reset NAME`: for who forgot the password, or lost the second factor. */
export async function reset(
  context: CommandContext,
  name: string,
  { secondFactor }: ResetUserOptions,
): Promise<ExitCode> {
  const password = oneTimePassword();
  const passwordHash = await hashPassword(password);
  const user = await change(context, name, { passwordHash, withoutSecondFactor: secondFactor });
  return answerPassword(context, user, password);
}

/** `license-server users change NAME`: another role, or another company. */
export async function changeRole(
  context: CommandContext,
  name: string,
  { role, cid }: ChangeUserOptions,
): Promise<ExitCode> {
  return answerUser(context, await change(context, name, { role, cid: cid === 'all' ? null : cid }));
}

/** `license-server users disable NAME` and `enable NAME`. */
export async function disable(context: CommandContext, name: string, disabled: boolean): Promise<ExitCode> {
  return answerUser(context, await change(context, name, { disabled }));
}

/** `license-server users list` */
export async function list(context: CommandContext): Promise<ExitCode> {
  const { terminal, config } = context;
  const users = await withStore(context, (store) => listUsers(store.reader));
  const words = WORDS[terminal.language];
  const day = (at: number | null) => (at === null ? '–' : localDay(at, config.zone));
  const rows = users.map(({ name, role, cid, secondFactor, disabledAt, signedInAt, mustChangePassword }) => [
    name,
    role,
    cid ?? words.all,
    secondFactor ? words.yes : words.no,
    day(signedInAt),
    disabledAt !== null
      ? words.disabledOn(day(disabledAt))
      : mustChangePassword
        ? words.fresh
        : words.inForce,
  ]);
  answer(terminal, { users }, rows.length === 0 ? words.none : table([words.head, ...rows], terminal));
  return 0;
}

function change(context: CommandContext, name: string, wish: UserChange): Promise<User> {
  return withStore(context, (store) =>
    store.write(now(), (transaction) => changeUser(transaction, name, wish, operator(context))),
  );
}

function answerUser({ terminal }: CommandContext, user: User): ExitCode {
  const words = WORDS[terminal.language];
  answer(
    terminal,
    user,
    table([
      [words.head[0] ?? '', user.name],
      [words.head[1] ?? '', user.role],
      [words.head[2] ?? '', user.cid ?? words.all],
      [words.head[5] ?? '', user.disabledAt === null ? words.inForce : words.disabled],
    ]),
  );
  return 0;
}

function answerPassword({ terminal }: CommandContext, user: User, password: string): ExitCode {
  const words = WORDS[terminal.language];
  const facts = table([
    [words.head[0] ?? '', user.name],
    [words.head[1] ?? '', user.role],
    [words.head[2] ?? '', user.cid ?? words.all],
    [words.password, password],
  ]);
  answer(terminal, { ...user, password }, `${facts}\n${words.once}`);
  return 0;
}

const WORDS = {
  en: {
    head: ['User', 'Role', 'Company', 'Second factor', 'Signed in', 'State'],
    all: 'all',
    yes: 'yes',
    no: 'no',
    inForce: 'in force',
    fresh: 'chooses a password at the next sign-in',
    disabled: 'disabled',
    disabledOn: (day: string) => `disabled ${day}`,
    none: 'There are no users. The first one: license-server users add NAME --role admin',
    password: 'Password',
    once: 'The password is shown this once; the user chooses another one at the first sign-in.',
  },
  zh: {
    head: ['用户', '角色', '企业', '双因素', '最近登录', '状态'],
    all: '全部',
    yes: '是',
    no: '否',
    inForce: '有效',
    fresh: '下次登录时须修改密码',
    disabled: '已停用',
    disabledOn: (day: string) => `${day} 已停用`,
    none: '没有用户。添加第一位：license-server users add NAME --role admin',
    password: '密码',
    once: '密码只显示这一次；用户首次登录时须修改密码。',
  },
};
