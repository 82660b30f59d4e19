import type { ExitCode } from '#core/error-table.ts';
import { answer, usageError } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { listApps } from '../licensing/list-apps.ts';
import { type AppSettings, setApp } from '../licensing/set-app.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

export interface AppOptions {
  autoRenewDays?: number | 'off';
  autoRenewSeenDays?: number | 'off';
  deviceRenewal?: 'on' | 'off';
  legacyPid?: string;
}

/** `license-server app list`: Apps, their settings, and what waits for renewal licenses. */
export async function listAppsBy(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const apps = await withStore(context, ({ reader }) => listApps(reader));
  const words = WORDS[terminal.language];
  const onOff = (on: boolean) => (on ? words.on : words.off);
  const rows = apps.map((app) => [
    app.cid,
    app.appId,
    app.name,
    onOff(app.preallocation),
    app.autoRenewDays === null ? words.off : words.renewal(app.autoRenewDays, app.autoRenewSeenDays),
    onOff(app.deviceRenewal),
    app.legacyPid ?? words.off,
  ]);
  const list = rows.length === 0 ? words.none : table([words.head, ...rows], terminal).trimEnd();
  const notes = apps.flatMap(({ name, waiting }) =>
    waiting.map(({ pid, count }) => words.waiting(count, name, pid)),
  );
  answer(terminal, { apps }, [list, ...notes].join('\n'));
  return 0;
}

/** `license-server app set APP_ID`: changes the settings that are named. */
export async function setAppBy(
  context: CommandContext,
  appId: string,
  { autoRenewDays, autoRenewSeenDays, deviceRenewal, legacyPid }: AppOptions,
): Promise<ExitCode> {
  const settings: AppSettings = {
    ...(autoRenewDays !== undefined && { renewDays: unlessOff(autoRenewDays) }),
    ...(autoRenewSeenDays !== undefined && { renewSeenDays: unlessOff(autoRenewSeenDays) }),
    ...(deviceRenewal !== undefined && { deviceRenewal: deviceRenewal === 'on' }),
    ...(legacyPid !== undefined && { legacyPid: unlessOff(legacyPid) }),
  };
  if (Object.keys(settings).length === 0)
    throw usageError({ en: 'name a setting to change', zh: '请指定要更改的设置' });
  await withStore(context, (store) =>
    store.write(now(), (transaction) => setApp(transaction, appId, settings, { actor: operator(context) })),
  );
  answer(context.terminal, { appId, ...settings }, WORDS[context.terminal.language].set(appId));
  return 0;
}

function unlessOff<T>(value: T | 'off'): T | null {
  return value === 'off' ? null : value;
}

const WORDS = {
  en: {
    head: ['CID', 'App ID', 'Name', 'Preallocation', 'Automatic renewal', 'Device renewal', 'Legacy PID'],
    on: 'on',
    off: 'off',
    renewal: (days: number, seen: number | null) =>
      `${days} days before the end${seen === null ? '' : `, seen within ${seen} days`}`,
    waiting: (count: number, app: string, pid: string) =>
      `${count} licenses of ${app} wait for renewal licenses of PID ${pid}.`,
    none: 'There are no Apps: no grant was imported yet.',
    set: (appId: string) => `App ${appId} is set.`,
  },
  zh: {
    head: ['CID', 'App ID', '名称', '预分配', '自动续期', '设备续期', '旧版工具 PID'],
    on: '开',
    off: '关',
    renewal: (days: number, seen: number | null) =>
      `到期前 ${days} 天${seen === null ? '' : `，${seen} 天内连接过`}`,
    waiting: (count: number, app: string, pid: string) =>
      `${app} 有 ${count} 个许可证等待续期，缺少 PID ${pid} 的续期许可证。`,
    none: '没有 App：尚未导入授权。',
    set: (appId: string) => `App ${appId} 的设置已更改。`,
  },
};
