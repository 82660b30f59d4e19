import type { Language } from '#core/errors.ts';

const EXAMPLE = `license-server apply --cid 717241 --name "Example School" --app Classroom \\
    --purchase validity=1y,count=100 --purchase validity=3m,count=5,mediaType=1,period=08:00~18:00 \\
    --out application.jwt`;

/** What the command line says of itself. */
export const programTexts = {
  en: {
    program: 'On-prem license server: hands out the licenses that a vendor granted, never one too many.',
    config: (file: string) => `configuration, TOML (default: ${file} where it exists)`,
    out: 'file to write; it must not exist yet',
    init: {
      about: 'make keys, certificate authority and an empty store',
      vendorRoots: "the vendor's vendor-roots.json",
      host: 'name or address of this server in its TLS certificate; may be repeated (default: all of this machine)',
    },
    apply: {
      about: 'make the application for licenses, to be sent to the vendor',
      cid: 'number of the company',
      name: 'name of the company',
      app: 'App to enable; without an id one is made; may be repeated',
      purchase: 'licenses to buy; may be repeated; see below',
      renewal: 'renewals to buy: pid=PID,validity=1y,count=20; may be repeated',
      preallocation: 'quota shall be reservable for single Apps',
      after: `Fields of --purchase: validity (3m and more is trial, 1y and more commercial) and count must be given; product (1),
mediaType (3), minutes (0: unlimited), period (00:00~23:59), zone (Asia/Shanghai), category (device) and label may be.

Example:
  ${EXAMPLE}`,
    },
    import: {
      about: 'take what the vendor signed: a certificate or a grant',
      file: 'file of the vendor',
    },
    serve: { about: 'run the server in the foreground' },
    enrollment: {
      about: 'files that devices enroll with',
      create: 'make an enrollment file',
      list: 'list enrollments',
      revoke: 'end an enrollment; devices that activated keep their licenses',
      app: 'App of the devices',
      pid: 'what they activate',
      maxActivations: 'new licenses that may be taken through it',
      days: 'days until it ends',
      url: 'URL by which devices reach this server; may be repeated (default: publicUrls of the configuration)',
      caFile:
        "authority (PEM) that devices shall trust, where a reverse proxy ends TLS (default: this server's own; with tls = false those of the device's system)",
      id: 'ID as listed',
    },
    credentials: {
      about: 'pairs of customerId and customerSecret for the OpenAPI',
      create: 'make a pair; the secret is shown this once',
      list: 'list pairs, without secrets',
      revoke: 'end a pair, within a second',
      cid: 'company',
      scope: 'full, or activate: only what activates',
      customerId: 'customerId as listed',
    },
    quota: { about: 'show what was granted and what is used' },
    audit: {
      about: 'the audit trail: who changed what, and when',
      list: 'list the newest rows; what audit does without a command',
      verify: 'recompute every hash of the trail; exit 1 where it is broken',
      cid: 'of one company (default: all)',
      limit: 'rows to show',
    },
    clock: {
      about: "this server's clock against its audit trail",
      accept: 'the clock is right: let a trail that lies in the future by mistake go on from now',
    },
  },
  zh: {
    program: '本地部署的许可证服务器：发放厂商授权的许可证，绝不超发。',
    config: (file: string) => `配置文件（TOML；默认 ${file}，如存在）`,
    out: '要写入的文件，不能已存在',
    init: {
      about: '生成密钥、证书颁发机构与空数据库',
      vendorRoots: '厂商的 vendor-roots.json',
      host: 'TLS 证书中本服务器的名称或地址，可重复（默认：本机全部名称与地址）',
    },
    apply: {
      about: '生成许可证申请文件，发给厂商',
      cid: '企业编号',
      name: '企业名称',
      app: '要启用的 App；不带 ID 则生成新的 ID；可重复',
      purchase: '要购买的 License，可重复，格式见下',
      renewal: '要购买的续期：pid=PID,validity=1y,count=20，可重复',
      preallocation: '允许为单个 App 预留配额',
      after: `--purchase 的字段：必填 validity（3m 起为测试，1y 起为正式）和 count；可选 product（1）、mediaType（3）、
minutes（0：不限）、period（00:00~23:59）、zone（Asia/Shanghai）、category（device）与 label。

示例：
  ${EXAMPLE}`,
    },
    import: { about: '导入厂商签署的证书或授权', file: '厂商提供的文件' },
    serve: { about: '在前台运行服务器' },
    enrollment: {
      about: '供设备登记使用的文件',
      create: '生成登记文件',
      list: '列出登记',
      revoke: '撤销登记；已激活的设备保留许可证',
      app: '设备所属的 App',
      pid: '设备要激活的 PID',
      maxActivations: '最多可激活的新许可证数',
      days: '有效天数',
      url: '设备访问本服务器的 URL，可重复（默认：配置中的 publicUrls）',
      caFile:
        '反向代理终结 TLS 时，设备应信任的颁发机构（PEM）； 默认为本服务器自己的， tls = false 时为设备系统信任的颁发机构',
      id: '列表中的 ID',
    },
    credentials: {
      about: 'OpenAPI 凭证（customerId 与 customerSecret）',
      create: '生成一组凭证；密钥只显示这一次',
      list: '列出凭证，不含密钥',
      revoke: '撤销凭证，一秒内生效',
      cid: '企业编号',
      scope: 'full，或 activate（仅限激活）',
      customerId: '列表中的 customerId',
    },
    quota: { about: '显示已授权与已使用的数量' },
    audit: {
      about: '审计记录：谁在何时更改了什么',
      list: '列出最新的记录；audit 不带命令时亦然',
      verify: '重新计算全部散列；链条断开时退出码为 1',
      cid: '仅限某个企业（默认全部）',
      limit: '显示的行数',
    },
    clock: {
      about: '本服务器时钟与审计记录的关系',
      accept: '确认时钟正确：审计记录因错误而处于未来时，从现在继续',
    },
  },
} satisfies Record<Language, object>;
