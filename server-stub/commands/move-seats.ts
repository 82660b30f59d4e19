import { userInfo } from 'node:os';
import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer, usageError } from '#core/host/cli.ts';
import { allocate } from '../licensing/allocate.ts';
import { isCreator } from '../licensing/move-seats.ts';
import { requireApp } from '../licensing/require-app.ts';
import { takeBack } from '../licensing/take-back.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

export interface SeatMoveOptions {
  app: string;
  pid: string;
  count: number;
  creator?: string;
}

const VERBS = { allocate, 'take-back': takeBack };

/** `license-server quota allocate` and `quota take-back`: seats of the shared pool for an App, and back. */
export async function moveSeatsBy(
  context: CommandContext,
  verb: keyof typeof VERBS,
  { app: appId, pid, count, creator = userInfo().username }: SeatMoveOptions,
): Promise<ExitCode> {
  if (!isCreator(creator))
    throw usageError({
      en: '--creator: must be 1 to 64 printable characters',
      zh: '--creator：必须为 1 至 64 个可打印字符',
    });
  const outcome = await withStore(context, (store) =>
    store.write(now(), async (transaction) => {
      const { cid } = await requireApp(transaction.db, appId);
      const [moved] = await VERBS[verb](transaction, [
        { cid, appId, pid, count, creator, actor: operator(context) },
      ]);
      return moved;
    }),
  );
  if (!outcome?.ok) throw outcome?.error ?? new LicenseError('internal');
  const { granted, free } = outcome;
  const text = WORDS[context.terminal.language](appId, granted, free);
  answer(context.terminal, { appId, pid, granted, free }, text);
  return 0;
}

const WORDS = {
  en: (appId: string, granted: number, free: number) =>
    `App ${appId} now has ${granted} licenses of its own; ${free} are free in the shared pool.`,
  zh: (appId: string, granted: number, free: number) =>
    `App ${appId} 现有专用许可证 ${granted} 个；共享池剩余 ${free} 个。`,
};
