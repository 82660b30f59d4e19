import type { ApplyOptions } from '../commands/apply.ts';
import type { InitOptions } from '../commands/init.ts';
import type { RotateKeyOptions } from '../commands/rotate-key.ts';
import type { ServeOptions } from '../commands/serve.ts';
import { collect, type Setting, wholeNumberFrom } from './setting.ts';

/** `license-server init`, `apply`, `import` and `serve`. */
export function addSetUp({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  program
    .command('init')
    .description(texts.init.about)
    .requiredOption('--vendor-roots <FILE>', texts.init.vendorRoots)
    .option('--host <NAME>', texts.init.host, collect, [])
    .action(
      run(async (context, options: InitOptions) =>
        (await import('../commands/init.ts')).init(context, options),
      ),
    );
  program
    .command('apply')
    .description(texts.apply.about)
    .requiredOption('--cid <CID>', texts.apply.cid)
    .requiredOption('--name <NAME>', texts.apply.name)
    .requiredOption('--app <NAME[=APP_ID]>', texts.apply.app, collect)
    .option('--purchase <FIELDS>', texts.apply.purchase, collect, [])
    .option('--renewal <FIELDS>', texts.apply.renewal, collect, [])
    .option('--preallocation', texts.apply.preallocation, false)
    .requiredOption('--out <FILE>', texts.out)
    .addHelpText('after', `\n${texts.apply.after}`)
    .action(
      run(async (context, options: ApplyOptions) =>
        (await import('../commands/apply.ts')).applyForLicenses(context, options),
      ),
    );
  program
    .command('import')
    .description(texts.import.about)
    .argument('<FILE...>', texts.import.files)
    .action(
      run(async (context, files: string[]) =>
        (await import('../commands/import.ts')).importFiles(context, files),
      ),
    );
  program
    .command('rotate-key')
    .description(texts.rotateKey.about)
    .requiredOption('--cid <CID>', texts.rotateKey.cid)
    .requiredOption('--out <FILE>', texts.out)
    .action(
      run(async (context, options: RotateKeyOptions) =>
        (await import('../commands/rotate-key.ts')).rotateKey(context, options),
      ),
    );
  program
    .command('serve')
    .description(texts.serve.about)
    .option('--legacy-http <PORT>', texts.serve.legacyHttp, wholeNumberFrom(0, '--legacy-http', 65_535))
    .action(
      run(async (context, options: ServeOptions) =>
        (await import('../commands/serve.ts')).serve(context, options),
      ),
    );
}

const EXAMPLE = `license-server apply --cid 717241 --name "Example School" --app Classroom \\
    --purchase validity=1y,count=100 --purchase validity=3m,count=5,mediaType=1,period=08:00~18:00 \\
    --out application.jwt`;

const TEXTS = {
  en: {
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
      about: 'take what the vendor signed: certificates, grants, new vendor roots',
      files: 'files of the vendor, taken in this order; one that is refused does not stop the others',
    },
    rotateKey: {
      about: 'make the next signing key, and the application by which the vendor certifies it',
      cid: 'company; each needs a certificate of its own',
    },
    serve: {
      about: 'run the server in the foreground',
      legacyHttp:
        'also open a plain HTTP port for older device tools: calls 14 and 15 alone, for credentials of scope activate alone; 0 takes a free one (default: legacyHttpPort of the configuration)',
    },
  },
  zh: {
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
      purchase: '要购买的许可证，可重复，格式见下',
      renewal: '要购买的续期：pid=PID,validity=1y,count=20，可重复',
      preallocation: '允许为单个 App 预留配额',
      after: `--purchase 的字段：必填 validity（3m 起为测试，1y 起为正式）和 count；可选 product（1）、mediaType（3）、
minutes（0：不限）、period（00:00~23:59）、zone（Asia/Shanghai）、category（device）与 label。

示例：
${EXAMPLE}`,
    },
    import: {
      about: '导入厂商签署的证书、授权或新的根文件',
      files: '厂商提供的文件，按顺序导入；某个文件被拒绝不影响其余文件',
    },
    rotateKey: {
      about: '生成新的签名密钥，以及供厂商认证的申请文件',
      cid: '企业；每个企业需要各自的证书',
    },
    serve: {
      about: '在前台运行服务器',
      legacyHttp:
        '另开一个供旧版设备工具使用的明文 HTTP 端口：仅接口 14 与 15，且仅限 activate 权限的凭证；0 表示任选空闲端口（默认：配置中的 legacyHttpPort）',
    },
  },
};
