import type { ExitCode } from '../core/error-table.ts';
import type { Language } from '../core/errors.ts';
import { oidcKeysZh } from './oidc-keys.ts';

type Section = readonly [exit: ExitCode, title: string, about: string];
interface ErrorWords {
  readonly top: string;
  readonly head: readonly string[];
  readonly yes: string;
  readonly no: string;
  readonly sections: readonly Section[];
}

const MADE = '<!-- Made by scripts/make-docs.ts from the code: npm run docs. Do not edit. -->';

/** What stands around the error table. */
export const ERROR_WORDS: Record<Language, ErrorWords> = {
  en: {
    top: `${MADE}

# Errors

[中文](errors.zh.md)

Every failure has a stable code. Programs key on the code; texts may change.

* Commands print message and code on stderr and end with the exit code of the section. With \`--json\` they print
  \`{"error","message","remedy","detail"}\` as one line on stdout.
* The OpenAPI and the device protocol answer with the HTTP status and
  \`{"code","message","error","requestId"}\`, where \`error\` is the code.
* The agent's local API answers with the HTTP status and \`{"error","message","remedy","detail"}\`: in English, in
  Chinese where \`Accept-Language\` begins with \`zh\`. In its \`detail\`, words stand in both: \`{"en","zh"}\`.
* "Again": the same call may succeed later without anyone changing anything.
* Words in braces are filled in.`,
    head: ['Code', 'HTTP', 'Again', 'Message', 'What to do'],
    yes: 'yes',
    no: 'no',
    sections: [
      [3, 'Not licensed (exit 3)', 'The answer is no, for a reason of licensing.'],
      [5, 'Not authentic (exit 5)', 'A document, answer or credential is not what it claims to be.'],
      [2, 'Usage and configuration (exit 2)', 'A person or program asked for something that cannot be.'],
      [4, 'Server out of reach (exit 4)', 'The license that is held is not touched by these.'],
      [6, 'Store damaged (exit 6)', 'A file cannot be read as what it is.'],
      [7, 'Needs the daemon (exit 7)', 'The daemon is down, and the caller may not do it without.'],
      [1, 'Other faults (exit 1)', 'Mostly of the machine.'],
    ],
  },
  zh: {
    top: `${MADE}

# 错误码

[English](errors.md)

每个错误都有稳定的错误码。程序应依据错误码判断，文字可能调整。

* 命令行将消息与错误码打印到标准错误，并以所在小节的退出码结束。使用 \`--json\` 时，在标准输出打印一行
  \`{"error","message","remedy","detail"}\`。
* OpenAPI 与设备协议返回 HTTP 状态码和 \`{"code","message","error","requestId"}\`，其中 \`error\` 为错误码。
* agent 的本地接口返回 HTTP 状态码和 \`{"error","message","remedy","detail"}\`；默认英文，\`Accept-Language\` 以 \`zh\`
  开头时为中文。\`detail\` 中的文字含两种语言：\`{"en","zh"}\`。
* “可重试”：无需任何人改动，稍后再试可能成功。
* 花括号中的内容会被替换为实际值。`,
    head: ['错误码', 'HTTP', '可重试', '消息', '处理办法'],
    yes: '是',
    no: '否',
    sections: [
      [3, '未授权（退出码 3）', '出于授权原因被拒绝。'],
      [5, '不可信（退出码 5）', '文件、应答或凭证与其声称的不符。'],
      [2, '用法与配置（退出码 2）', '请求本身无法成立。'],
      [4, '无法连接服务器（退出码 4）', '这类错误不影响当前持有的许可证。'],
      [6, '数据库损坏（退出码 6）', '文件无法正常读取。'],
      [7, '需要守护进程（退出码 7）', '守护进程未运行，且调用者无权自行完成。'],
      [1, '其他故障（退出码 1）', '多为机器本身的问题。'],
    ],
  },
};

/** What stands around the configuration tables. */
export const CONFIG_WORDS = {
  en: {
    top: `${MADE}

# Configuration

[中文](configuration.zh.md)

Flat TOML files. An environment variable goes over the file, the file over the default. Unknown keys are refused.
Lists in environment variables are separated by commas, lists of tables are JSON. Messages of the commands are
Chinese where \`LC_ALL\`, \`LC_MESSAGES\` or \`LANG\` starts with \`zh\`, else English.`,
    agent: 'Agent',
    server: 'License server',
    vendor: 'Vendor tool',
    fileOf: (file: string, prefix: string) =>
      `File: \`--config FILE\`, else \`${file}\` where it exists. Variables: \`${prefix}*\`.`,
    vendorText:
      'No file. `--dir` names its folder. The passphrase comes from `--passphrase-file`, else from `LICENSE_VENDOR_PASSPHRASE`, else it is asked for.',
    head: ['Key', 'Type', 'Unit', 'Default', 'Variable', 'Meaning'],
    tableHead: ['Key', 'Type', 'Default', 'Meaning'],
    required: 'required',
    types: {
      integer: 'whole number',
      boolean: '`true` or `false`',
      text: 'text',
      list: (most: number | undefined) => `list of texts${most === undefined ? '' : `, at most ${most}`}`,
      tables: (most: number | undefined) => `list of tables${most === undefined ? '' : `, at most ${most}`}`,
      oneOf: (values: string) => `one of ${values}`,
    },
  },
  zh: {
    top: `${MADE}

# 配置

[English](configuration.md)

配置为单层 TOML 文件。环境变量优先于文件，文件优先于默认值。不接受未知的配置项。环境变量中的列表以逗号分隔，表的列表用 JSON。
\`LC_ALL\`、\`LC_MESSAGES\` 或 \`LANG\` 以 \`zh\` 开头时，命令输出中文，否则输出英文。`,
    agent: 'Agent',
    server: '许可证服务器',
    vendor: '厂商工具',
    fileOf: (file: string, prefix: string) =>
      `文件：\`--config FILE\`，否则为 \`${file}\`（如存在）。环境变量：\`${prefix}*\`。`,
    vendorText:
      '没有配置文件。`--dir` 指定目录。口令取自 `--passphrase-file`，否则取自 `LICENSE_VENDOR_PASSPHRASE`，否则提示输入。',
    head: ['配置项', '类型', '单位', '默认值', '环境变量', '含义'],
    tableHead: ['配置项', '类型', '默认值', '含义'],
    required: '必填',
    types: {
      integer: '整数',
      boolean: '`true` 或 `false`',
      text: '文本',
      list: (most: number | undefined) => `文本列表${most === undefined ? '' : `，最多 ${most} 项`}`,
      tables: (most: number | undefined) => `表的列表${most === undefined ? '' : `，最多 ${most} 项`}`,
      oneOf: (values: string) => `取值 ${values}`,
    },
  },
} as const;

/** The Chinese texts of the configuration keys; the English ones stand in the schemas. */
export const agentKeysZh: Readonly<Record<string, string>> = {
  stateDir: '设备密钥、LicenseKey、登记文件与许可证数据库所在目录，权限 0700。',
  runtimeDir: '套接字 agent.sock 与 admin.sock 所在目录。',
  vendorRootsFile: '设备厂商软件包安装的厂商根公钥文件。',
  licenseKeyStrategy:
    'LicenseKey 的生成方式，只生成一次：hardware（主板或 SoC 序列号，否则永久 MAC，否则 machine-id）、serial、mac、machine（machine-id）、file（licenseKeyFile）、literal（licenseKeyValue）。',
  licenseKeyFile: '第一行为 LicenseKey 的文件，用于策略 file。',
  licenseKeyValue: 'LicenseKey 本身，用于策略 literal。',
  identityFile:
    '由特权步骤采集的本机标识（license-agent identity --collect）；文件存在时使用，否则直接读取本机。未设置时为 runtimeDir 中的 identity.json。',
  accountActivation: '是否允许同组应用在 agent.sock 上激活与释放账号许可证，供在本设备登录的用户使用。',
  ownLicense: '本机自身是否需要许可证；只为其他设备持有许可证的网关设为 false。',
  refreshIntervalSeconds: '例行刷新间隔，随机提前至多十分之一。',
  requestTimeoutSeconds: '单个服务器地址的应答时限。',
  persistIntervalSeconds: '时钟标记写入磁盘的间隔。',
  logLevel: '记录的最低日志级别。',
};

export const serverKeysZh: Readonly<Record<string, string>> = {
  stateDir: '密钥、证书与数据库所在目录，权限 0700。',
  database:
    '存放数据的 PostgreSQL 数据库：`postgres://user:password@host:5432/name`；为空则使用 stateDir 中的 SQLite 文件。密码也可由 PGPASSWORD 或 ~/.pgpass 提供。',
  host: '监听地址。',
  port: '监听端口；0 表示任选空闲端口。',
  tls: '使用 init 生成的证书提供 HTTPS。仅在同机反向代理之后才设为 false。',
  publicUrls: '设备访问本服务器的 URL，首选在前；写入登记文件。',
  zone: '时区（IANA），用于 OpenAPI 应答中的 `createTime`、用量报告、提醒与命令输出。',
  trustedProxies: '反向代理的地址（CIDR）；其 X-Forwarded-For 中的调用方地址用于审计与访问日志。',
  legacyHttpPort:
    '供不支持 TLS 的设备工具使用的明文 HTTP 端口：仅接口 14 与 15，且仅限 activate 权限的凭证；-1 表示关闭。可由 `serve --legacy-http` 覆盖。',
  uploadMaxMiB: '上传的预授权文件的最大大小。',
  rateLimitPerSecond: '未单独设置限额的企业，每接口每秒的调用次数；0 表示不限。',
  alertChannels: '发生事件时通知谁：表 `[[alertChannels]]`，见下文；共用一个数据库的各服务器应一致。',
  alertDigestSeconds: '给人的消息先保留多久，以便把同时发生的事合为一条；webhook 立即发送。',
  alertTimeoutSeconds: '通知接收方的应答时限。',
  alertQuotaPercent: '额度用到多少比例时通知 quota.low；用尽时再通知一次。',
  alertUnseenDays: '设备多久未连接时通知 device.unseen。',
  ...oidcKeysZh,
  logLevel: '记录的最低日志级别。',
};
