import type { AuditOptions, VerifyOptions } from '../commands/audit.ts';
import { type Setting, wholeNumber } from './setting.ts';

const MOST_ROWS = 100_000;

/** `license-server audit …`. */
export function addAudit({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const group = program.command('audit').description(texts.about).helpCommand(false);
  group
    .command('list', { isDefault: true })
    .description(texts.list)
    .option('--cid <CID>', texts.cid)
    .option('--limit <N>', texts.limit, wholeNumber('--limit', MOST_ROWS), 50)
    .action(
      run(async (context, options: AuditOptions) =>
        (await import('../commands/audit.ts')).listAudit(context, options),
      ),
    );
  group
    .command('verify')
    .description(texts.verify)
    .option('--cid <CID>', texts.cid)
    .action(
      run(async (context, options: VerifyOptions) =>
        (await import('../commands/audit.ts')).verifyAudit(context, options),
      ),
    );
}

const TEXTS = {
  en: {
    about: 'the audit trail: who changed what, and when',
    list: 'list the newest rows; what audit does without a command',
    verify: 'recompute every hash of the trail; exit 1 where it is broken',
    cid: 'of one company (default: all)',
    limit: 'rows to show',
  },
  zh: {
    about: '审计记录：谁在何时更改了什么',
    list: '列出最新的记录；audit 不带命令时亦然',
    verify: '重新计算全部散列；链条断开时退出码为 1',
    cid: '仅限某个企业（默认全部）',
    limit: '显示的行数',
  },
};
