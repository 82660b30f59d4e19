import type { ListAlertsOptions } from '../commands/alerts.ts';
import { type Setting, wholeNumber } from './setting.ts';

const MOST_ROWS = 10_000;

/** `license-server alerts …`. */
export function addAlerts({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const group = program.command('alerts').description(texts.about).helpCommand(false);
  group
    .command('list', { isDefault: true })
    .description(texts.list)
    .option('--limit <N>', texts.limit, wholeNumber('--limit', MOST_ROWS), 20)
    .action(
      run(async (context, options: ListAlertsOptions) =>
        (await import('../commands/alerts.ts')).listAlerts(context, options),
      ),
    );
  group
    .command('test')
    .argument('<CHANNEL>', texts.channel)
    .description(texts.test)
    .action(
      run(async (context, channel: string) =>
        (await import('../commands/alerts.ts')).testAlert(context, channel),
      ),
    );
  group
    .command('retry')
    .argument('[CHANNEL]', texts.channelOrAll)
    .description(texts.retry)
    .action(
      run(async (context, channel: string | undefined) =>
        (await import('../commands/alerts.ts')).retryAlerts(context, channel),
      ),
    );
}

const TEXTS = {
  en: {
    about: 'alerts: who is told of what happens, and what was not delivered',
    list: 'list the channels, what waits for them and what failed; what alerts does without a command',
    limit: 'failed deliveries to show',
    test: 'send a test to a channel now and say what the receiver answered',
    channel: 'name of a channel in the configuration',
    channelOrAll: 'name of a channel (default: all)',
    retry: 'try now what failed or was given up',
  },
  zh: {
    about: '提醒：发生事件时通知谁，以及哪些未送达',
    list: '列出各通道、等待发送与失败的提醒；alerts 不带命令时亦然',
    limit: '显示的失败条数',
    test: '立即向通道发送测试提醒，并显示接收方的应答',
    channel: '配置中的通道名称',
    channelOrAll: '通道名称（默认全部）',
    retry: '立即重新发送失败或已放弃的提醒',
  },
};
