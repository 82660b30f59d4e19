import { requireSubcommand } from '#core/host/command-line.ts';
import type { EnrollmentOptions } from '../commands/enrollment.ts';
import { collect, type Setting, wholeNumber } from './setting.ts';

const MOST_ACTIVATIONS = 1_000_000_000;
const MOST_DAYS = 36_500;

/** `license-server enrollment …`. */
export function addEnrollment({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const group = program.command('enrollment').description(texts.about);
  group
    .command('create')
    .description(texts.create)
    .requiredOption('--app <APP_ID>', texts.app)
    .requiredOption('--pid <PID>', texts.pid)
    .requiredOption('--out <FILE>', texts.out)
    .option(
      '--max-activations <N>',
      texts.maxActivations,
      wholeNumber('--max-activations', MOST_ACTIVATIONS),
      100,
    )
    .option('--days <N>', texts.days, wholeNumber('--days', MOST_DAYS), 365)
    .option('--url <URL>', texts.url, collect, [])
    .option('--ca-file <FILE>', texts.caFile)
    .action(
      run(async (context, options: EnrollmentOptions) =>
        (await import('../commands/enrollment.ts')).createEnrollmentFile(context, options),
      ),
    );
  group
    .command('list')
    .description(texts.list)
    .action(run(async (context) => (await import('../commands/enrollment.ts')).listEnrollments(context)));
  group
    .command('revoke')
    .description(texts.revoke)
    .argument('<ID>', texts.id)
    .action(
      run(async (context, id: string) =>
        (await import('../commands/enrollment.ts')).revokeEnrollmentFile(context, id),
      ),
    );
  requireSubcommand(group);
}

const TEXTS = {
  en: {
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
    out: 'file to write; it must not exist yet',
  },
  zh: {
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
    out: '要写入的文件，不能已存在',
  },
};
