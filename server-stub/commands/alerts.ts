import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { type Cell, table } from '#core/host/table.ts';
import { zonedTime } from '#core/local-time.ts';
import { channelsOf, countDeliveries, retryDeliveries, troubledDeliveries } from '../alerts/overview.ts';
import { sendTest, unknownChannel } from '../alerts/send-test.ts';
import type { Store } from '../store/database.ts';
import { type CommandContext, now, withStore } from './context.ts';

export interface ListAlertsOptions {
  limit: number;
}

/** `license-server alerts list`: the channels, what waits for them, and what failed. */
export async function listAlerts(context: CommandContext, { limit }: ListAlertsOptions): Promise<ExitCode> {
  const { terminal, config } = context;
  const { language } = terminal;
  const { channels, deliveries } = await withStore(context, async ({ reader }) => ({
    channels: await channelsOf(reader, config.alertChannels),
    deliveries: await troubledDeliveries(reader, limit),
  }));

  const words = WORDS[language];
  const rows = channels.map(({ channel, kind, waiting, failing, givenUp, delivered }): Cell[] => [
    channel,
    kind ?? words.unconfigured,
    waiting,
    failing,
    givenUp,
    delivered,
  ]);
  const troubles = deliveries.map(({ channel, type, state, attempts, nextAt, problem }): Cell[] => [
    channel,
    type,
    attempts,
    state === 'given_up' ? words.givenUp : zonedTime(nextAt, config.zone),
    problem[language],
  ]);
  const text = [
    channels.length === 0 ? words.none : table([words.head, ...rows], terminal),
    ...(troubles.length === 0 ? [] : [table([words.troubleHead, ...troubles], terminal)]),
  ].join('\n');
  answer(terminal, { channels, deliveries }, text);
  return 0;
}

/**
 * `license-server alerts test CHANNEL`: sends a test now, beside the queue, and says what the receiver answered.
 *
 * @throws `unknown_alert_channel`, `alert_undelivered`; as openChannels
 */
export async function testAlert({ terminal, env, config }: CommandContext, name: string): Promise<ExitCode> {
  const receipt = await sendTest(config, name, { now: now(), env });
  const words = WORDS[terminal.language];
  answer(terminal, { channel: name, answer: receipt }, words.delivered(name, receipt));
  return 0;
}

/**
 * `license-server alerts retry [CHANNEL]`: what failed or was given up is tried again now.
 *
 * @throws `unknown_alert_channel`
 */
export async function retryAlerts(context: CommandContext, channel: string | undefined): Promise<ExitCode> {
  const { terminal, config } = context;
  const count = await withStore(context, async (store) => {
    if (channel !== undefined && !(await isKnown(store, context, channel)))
      throw unknownChannel(channel, config.alertChannels);
    const time = now();
    return store.write(time, (transaction) => retryDeliveries(transaction, time, channel));
  });
  answer(terminal, { retried: count }, WORDS[terminal.language].retried(count));
  return 0;
}

/** One that was taken out of the configuration may have deliveries still. */
async function isKnown({ reader }: Store, { config }: CommandContext, name: string): Promise<boolean> {
  if (config.alertChannels.some((channel) => channel.name === name)) return true;
  return (await countDeliveries(reader)).some(({ channel }) => channel === name);
}

const WORDS = {
  en: {
    head: ['Channel', 'Kind', 'Waiting', 'Failing', 'Given up', 'Delivered'],
    troubleHead: ['Channel', 'Event', 'Attempts', 'Next attempt', 'Problem'],
    unconfigured: 'not configured',
    givenUp: 'given up',
    none: 'No channels are configured, and nothing waits.',
    delivered: (channel: string, text: string) => `Channel ${channel} took the test: ${text}`,
    retried: (count: number) =>
      count === 1 ? '1 alert is tried again.' : `${count} alerts are tried again.`,
  },
  zh: {
    head: ['通道', '类型', '等待', '失败重试中', '已放弃', '已送达'],
    troubleHead: ['通道', '事件', '尝试次数', '下次尝试', '问题'],
    unconfigured: '未配置',
    givenUp: '已放弃',
    none: '没有配置通道，也没有等待发送的提醒。',
    delivered: (channel: string, text: string) => `通道 ${channel} 已接收测试提醒：${text}`,
    retried: (count: number) => `将重新发送 ${count} 条提醒。`,
  },
};
