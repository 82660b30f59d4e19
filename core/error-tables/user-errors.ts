import { type ErrorEntry, entry, mistake } from './entry.ts';

/** People who sign in to the Console. */
export const userErrors = {
  sign_in_failed: entry(401, 2, false, [
    'user name, password or code is wrong',
    'Try again; who forgot the password asks an administrator: license-server users reset NAME.',
    '用户名、密码或验证码错误',
    '请重试；忘记密码时请联系管理员执行：license-server users reset NAME。',
  ]),
  sign_in_locked: entry(429, 2, true, [
    'there were too many wrong tries; this user may try again in {retryAfterSeconds} seconds',
    'Wait, or ask an administrator: license-server users reset NAME.',
    '错误次数过多，请在 {retryAfterSeconds} 秒后重试',
    '请稍候，或联系管理员执行：license-server users reset NAME。',
  ]),
  session_ended: entry(401, 2, false, [
    'nobody is signed in here, or no longer',
    'Sign in.',
    '尚未登录，或登录已失效',
    '请登录。',
  ]),
  password_change_required: entry(403, 2, false, [
    'the first sign-in chooses another password',
    'Choose a password of your own, then go on.',
    '首次登录须修改密码',
    '请先设置自己的密码，再继续操作。',
  ]),
  role_insufficient: entry(403, 2, false, [
    'role {role} may not do this; it takes {least}',
    'Ask an administrator.',
    '角色 {role} 无权执行此操作，需要 {least}',
    '请联系管理员。',
  ]),
  origin_refused: entry(403, 2, false, [
    'the request does not come from a page of this server',
    'Open the Console at the address of this server itself.',
    '请求并非来自本服务器的页面',
    '请通过本服务器的地址打开控制台。',
  ]),
  console_not_built: entry(503, 1, false, [
    'the pages of the Console were not built here',
    'Build them in the folder of the sources: npm run console; then start the server again.',
    '此处尚未构建控制台页面',
    '请在源码目录执行 npm run console，然后重新启动服务器。',
  ]),
  second_factor_required: entry(401, 2, false, [
    'this user signs in with a code as well',
    'Enter the six digits that the authenticator app shows.',
    '该用户登录时还需要验证码',
    '请输入身份验证器应用显示的六位数字。',
  ]),
  password_weak: mistake(
    2,
    'the password {problem}',
    'Choose a longer one, such as four words that do not belong together.',
    '密码{problem}',
    '请选择更长的密码，例如四个互不相关的词。',
  ),
  password_unchanged: mistake(
    2,
    'the new password is the present one',
    'Choose another one.',
    '新密码与当前密码相同',
    '请另选密码。',
  ),
  user_exists: mistake(
    2,
    'there is a user {name} already',
    'Choose another name, or change that user: license-server users change NAME.',
    '用户 {name} 已存在',
    '请另选名称，或修改该用户：license-server users change NAME。',
  ),
  unknown_user: mistake(
    2,
    'there is no user {name}',
    'Check the name: license-server users list.',
    '用户 {name} 不存在',
    '请检查名称：license-server users list。',
  ),
  user_name_invalid: mistake(
    2,
    'a user name is 1 to 64 letters, digits and . _ @ -, and begins with a letter or digit',
    'Choose another name.',
    '用户名须为 1–64 个字母、数字或 . _ @ -，并以字母或数字开头',
    '请另选名称。',
  ),
  admin_of_one_company: mistake(
    2,
    'an administrator runs the server, and sees every company',
    'Give the role operator or viewer, or leave the company out.',
    '管理员负责整台服务器，可查看所有企业',
    '请改用 operator 或 viewer 角色，或不指定企业。',
  ),
  last_admin: mistake(
    2,
    'nobody would be left who may manage users',
    'Make another administrator first: license-server users add NAME --role admin.',
    '该操作之后将没有可管理用户的管理员',
    '请先添加另一位管理员：license-server users add NAME --role admin。',
  ),
} satisfies Record<string, ErrorEntry>;
