import { requireSubcommand } from '#core/host/command-line.ts';
import type { AppOptions } from '../commands/app.ts';
import { MOST_RENEW_DAYS } from '../licensing/set-app.ts';
import { oneOf, type Setting, wholeNumber } from './setting.ts';

const MOST_SEEN_DAYS = 3650;

/** `license-server app …`. */
export function addApp({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const group = program.command('app').description(texts.about);
  group
    .command('list')
    .description(texts.list)
    .action(run(async (context) => (await import('../commands/app.ts')).listAppsBy(context)));
  group
    .command('set')
    .description(texts.set)
    .argument('<APP_ID>', texts.app)
    .option(
      '--auto-renew-days <N|off>',
      texts.renewDays(MOST_RENEW_DAYS),
      orOff(wholeNumber('--auto-renew-days', MOST_RENEW_DAYS)),
    )
    .option(
      '--auto-renew-seen-days <M|off>',
      texts.renewSeenDays,
      orOff(wholeNumber('--auto-renew-seen-days', MOST_SEEN_DAYS)),
    )
    .option('--device-renewal <on|off>', texts.deviceRenewal, oneOf('--device-renewal', ['on', 'off']))
    .option('--legacy-pid <PID|off>', texts.legacyPid, orOff(String))
    .action(
      run(async (context, appId: string, options: AppOptions) =>
        (await import('../commands/app.ts')).setAppBy(context, appId, options),
      ),
    );
  requireSubcommand(group);
}

/** A value, or `off` for none. */
function orOff<T>(read: (text: string) => T) {
  return (text: string): T | 'off' => (text === 'off' ? text : read(text));
}

const TEXTS = {
  en: {
    about: 'Apps and their settings',
    list: 'list the Apps with their settings',
    set: 'change settings of an App; those not named stay',
    app: 'App ID',
    renewDays: (most: number) =>
      `renew licenses by themselves that end within N days, while renewal licenses last; 1–${most}`,
    renewSeenDays: 'but not those whose device was not seen for M days',
    deviceRenewal: 'whether devices may ask for renewal themselves',
    legacyPid: 'what the older device tools activate, which name no PID',
  },
  zh: {
    about: 'App 及其设置',
    list: '列出各 App 及其设置',
    set: '更改 App 的设置；未列出的保持不变',
    app: 'App ID',
    renewDays: (most: number) => `自动续期：在续期许可证用完之前，为 N 天内到期的许可证续期；1–${most}`,
    renewSeenDays: '自动续期不包括 M 天内未连接过的设备',
    deviceRenewal: '是否允许设备自行续期',
    legacyPid: '旧版设备工具（请求中不带 PID）激活的 PID',
  },
};
