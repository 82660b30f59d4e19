import type { ReportOptions } from '../commands/report.ts';
import type { Setting } from './setting.ts';

/** `license-server report`. */
export function addReport({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  program
    .command('report')
    .description(texts.about)
    .requiredOption('--from <DAY>', texts.from)
    .requiredOption('--to <DAY>', texts.to)
    .requiredOption('--out <FILE>', texts.out)
    .option('--cid <CID>', texts.cid)
    .addHelpText('after', `\n${texts.after}`)
    .action(
      run(async (context, options: ReportOptions) =>
        (await import('../commands/report.ts')).report(context, options),
      ),
    );
}

const TEXTS = {
  en: {
    about: 'make the signed usage report of a period, proven against the audit trail, for the vendor',
    from: 'first day, such as 2026-03-01, in the zone of the configuration',
    to: 'last day, inclusive; the running day makes a preliminary report',
    out: 'file to write; it must not exist yet',
    cid: 'of one company (default: all)',
    after: `Example:
  license-server report --from 2026-03-01 --to 2026-03-31 --out report-2026-03.jwt`,
  },
  zh: {
    about: '生成统计期的签名用量报告，数据经审计记录核验，供厂商使用',
    from: '开始日期，如 2026-03-01，按配置的时区',
    to: '结束日期（含当日）；若为当天，则为初步报告',
    out: '要写入的文件，不能已存在',
    cid: '仅限某个企业（默认全部）',
    after: `示例：
  license-server report --from 2026-03-01 --to 2026-03-31 --out report-2026-03.jwt`,
  },
};
