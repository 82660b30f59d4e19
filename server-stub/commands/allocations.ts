import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { zonedTime } from '#core/local-time.ts';
import { describeValidity } from '#core/notation/describe-license.ts';
import { allocations } from '../licensing/allocations.ts';
import { requireApp } from '../licensing/require-app.ts';
import { type CommandContext, withStore } from './context.ts';

export interface AllocationsOptions {
  app: string;
  pid?: string;
  page: number;
  size: number;
}

/** `license-server quota allocations`: who reserved how many licenses for an App, and when; what was taken back is negative. */
export async function listAllocations(
  context: CommandContext,
  { app: appId, pid, page, size }: AllocationsOptions,
): Promise<ExitCode> {
  const { terminal, config } = context;
  const { language } = terminal;
  const { count, list } = await withStore(context, async ({ reader }) => {
    await requireApp(reader, appId);
    return allocations(reader, { appId, pid, page, size });
  });
  const words = WORDS[language];
  const rows = list.map((item) => [
    zonedTime(item.created_at, config.zone),
    item.count,
    item.creator,
    item.pid,
    describeValidity(item.validity, language),
  ]);
  const text = rows.length === 0 ? words.none(count) : table([words.head, ...rows], terminal);
  const facts = list.map(({ created_at: createdAt, ...item }) => ({ ...item, createdAt }));
  answer(terminal, { appId, count, page, size, list: facts }, text);
  return 0;
}

const WORDS = {
  en: {
    head: ['Time', 'Licenses', 'Creator', 'PID', 'Validity'],
    none: (count: number) =>
      count === 0 ? 'Nothing was allocated.' : `There is no such page; ${count} allocations in all.`,
  },
  zh: {
    head: ['时间', '数量', '操作人', 'PID', '有效期'],
    none: (count: number) => (count === 0 ? '没有配额记录。' : `没有此页，共 ${count} 条记录。`),
  },
};
