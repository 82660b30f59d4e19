import { commonTexts } from './common-texts.ts';

const EXAMPLE = `license-vendor grant --dir vendor --from application.jwt \\
    --renewal pid=02F51997A07B46C5810020A0F163EC30,validity=1y,count=20
  license-vendor grant --dir vendor --server-id 1D653F55A3B84DA9BC0615926B476016 --cid 717241 \\
    --name "Example School" --app a6d6dba434be4b6683fad1aba6a7f75e="Classroom" \\
    --purchase "product=1,mediaType=3,minutes=0,period=00:00~23:59,zone=Asia/Shanghai,category=device,validity=1y,count=100"`;

/** What `license-vendor grant` says to people. */
export const grantTexts = {
  en: {
    ...commonTexts.en,
    description: 'sign what a company bought: Apps, licenses and renewals for one server',
    from: 'application to grant; options add to it or override it',
    serverId: 'server that may import it (as the application says)',
    cid: 'the company (as the application says)',
    name: "the company's name",
    app: 'enable an App; may be repeated',
    purchase: 'add licenses; may be repeated; see below',
    renewal: 'add renewals: pid=PID,validity=1y,count=20[,app=APPID]; may be repeated',
    preallocation: 'quota may be reserved for single Apps',
    noPreallocation: 'quota may not be reserved',
    replaces: "an earlier grant whose lines this one's take the place of",
    again: 'sell the same once more, though the application was granted already',
    tokenLife:
      'how long a token is valid without contact: seconds, or 90d, 12h (default: 90d; accounts 7d at most)',
    grace: 'grace after that (default: 14d; accounts 1d at most)',
    expiryGrace: 'grace after the license ends (default: 0)',
    transfersPerYear: 'transfers of a license per year (default: 1)',
    out: 'new file to write, "-" for stdout (default: grant-ID.jwt here)',
    yes: 'do not ask before signing; needed where nobody sits at the terminal',
    after: `
Fields of --purchase: validity (3m and more is trial, 1y and more commercial) and count must be given; product (1),
mediaType (3), minutes (0: unlimited), period (00:00~23:59), zone (Asia/Shanghai), category (device), app (all),
label, pcu, tokenLife, grace, expiryGrace, transfersPerYear may be.

Examples:
  ${EXAMPLE}`,
    toBeSigned: 'To be signed:',
    confirm: 'Sign this? [y/N] ',
    done: (grantId: string, file: string | undefined) =>
      `Signed grant ${grantId}${file ? `: ${file}` : ''}\n`,
  },
  zh: {
    ...commonTexts.zh,
    description: '签署企业购买的内容：一台服务器的 App、许可证与续期',
    from: '要批准的申请文件；其他选项可追加或覆盖其内容',
    serverId: '可导入本授权的服务器（默认取自申请）',
    cid: '企业 CID（默认取自申请）',
    name: '企业名称',
    app: '启用一个 App，可重复',
    purchase: '增加许可证，可重复，格式见下',
    renewal: '增加续期：pid=PID,validity=1y,count=20[,app=APPID]，可重复',
    preallocation: '允许为单个 App 预分配额度',
    noPreallocation: '不允许预分配',
    replaces: '被本授权替换的先前授权',
    again: '该申请已授权过，仍再次出售相同内容',
    tokenLife: '令牌离线有效时长：秒数，或 90d、12h（默认 90d；账号最长 7d）',
    grace: '其后的宽限期（默认 14d；账号最长 1d）',
    expiryGrace: '许可证到期后的宽限期（默认 0）',
    transfersPerYear: '每个许可证每年可转移次数（默认 1）',
    out: '输出文件（不得已存在），"-" 表示标准输出（默认：当前目录 grant-ID.jwt）',
    yes: '签署前不询问；无终端时必须使用',
    after: `
--purchase 的字段：必填 validity（3m 起为测试，1y 起为正式）和 count；可选 product（1）、mediaType（3）、
minutes（0：不限）、period（00:00~23:59）、zone（Asia/Shanghai）、category（device）、app（全部）、
label、pcu、tokenLife、grace、expiryGrace、transfersPerYear。

示例：
  ${EXAMPLE}`,
    toBeSigned: '将签署以下内容：',
    confirm: '确认签署？[y/N] ',
    done: (grantId: string, file: string | undefined) => `已签署授权 ${grantId}${file ? `：${file}` : ''}\n`,
  },
};
