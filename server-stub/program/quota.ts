import type { AllocationsOptions } from '../commands/allocations.ts';
import type { SeatMoveOptions } from '../commands/move-seats.ts';
import { type Setting, wholeNumber } from './setting.ts';

const MOST_SEATS = 100_000_000;
const MOST_SIZE = 1000;
const MOST_PAGE = 1_000_000_000;

/** `license-server quota …`. */
export function addQuota({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const group = program.command('quota').description(texts.about).helpCommand(false);
  group
    .command('list', { isDefault: true })
    .description(texts.list)
    .action(run(async (context) => (await import('../commands/quota.ts')).quota(context)));
  for (const verb of ['allocate', 'take-back'] as const) {
    group
      .command(verb)
      .description(texts[verb])
      .requiredOption('--app <APP_ID>', texts.app)
      .requiredOption('--pid <PID>', texts.pid)
      .requiredOption('--count <N>', texts.count, wholeNumber('--count', MOST_SEATS))
      .option('--creator <NAME>', texts.creator)
      .action(
        run(async (context, options: SeatMoveOptions) =>
          (await import('../commands/move-seats.ts')).moveSeatsBy(context, verb, options),
        ),
      );
  }
  group
    .command('allocations')
    .description(texts.allocations)
    .requiredOption('--app <APP_ID>', texts.app)
    .option('--pid <PID>', texts.onlyPid)
    .option('--page <N>', texts.page, wholeNumber('--page', MOST_PAGE), 1)
    .option('--size <N>', texts.size, wholeNumber('--size', MOST_SIZE), 20)
    .action(
      run(async (context, options: AllocationsOptions) =>
        (await import('../commands/allocations.ts')).listAllocations(context, options),
      ),
    );
}

const TEXTS = {
  en: {
    about: 'what was granted, allocated and used',
    list: 'show it, per PID and App; what quota does without a command',
    allocate: 'reserve free licenses of the shared pool for one App',
    'take-back': 'return unused allocated licenses of an App to the shared pool',
    allocations: 'who reserved how many licenses for an App and when, newest first',
    app: 'App',
    pid: 'PID',
    onlyPid: 'of this PID alone',
    page: 'page, from 1',
    size: 'rows of a page, 1 to 1000',
    count: 'how many',
    creator: 'who wishes it, for the list of allocations (default: you)',
  },
  zh: {
    about: '已授权、已分配与已使用的数量',
    list: '按 PID 与 App 显示；quota 不带命令时亦然',
    allocate: '从共享池为单个 App 预留许可证（配额）',
    'take-back': '将 App 未使用的配额收回共享池',
    allocations: '查看 App 的配额记录：操作人、数量与时间，最新在前',
    app: 'App',
    pid: 'PID',
    onlyPid: '仅限此 PID',
    page: '页码，从 1 开始',
    size: '每页条数，1 至 1000',
    count: '数量',
    creator: '配额列表中记录的操作人（默认为当前用户）',
  },
};
