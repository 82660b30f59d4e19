import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { type Cell, table } from '#core/host/table.ts';
import { newId } from '#core/ids.ts';
import { zonedTime } from '#core/local-time.ts';
import type { Channel } from '../alerts/channel.ts';
import { testMessage } from '../alerts/compose-message.ts';
import { openChannels } from '../alerts/open-channels.ts';
import { countDeliveries, retryDeliveries, troubledDeliveries } from '../alerts/overview.ts';
import type { Store } from '../store/database.ts';
import { type CommandContext, now, withStore } from './context.ts';

export interface ListAlertsOptions {
  limit: number;
}

/** `license-server alerts list`: the channels, what waits for them, and what failed. */
export async function listAlerts(context: CommandContext, { limit }: ListAlertsOptions): Promise<ExitCode> {
  const { terminal, config } = context;
  const { language } = terminal;
  const { counts, deliveries } = await withStore(context, async ({ reader }) => ({
    counts: await countDeliveries(reader),
    deliveries: await troubledDeliveries(reader, limit),
  }));
  const kinds = new Map(config.alertChannels.map(({ name, kind }) => [name, kind]));
  const names = new Set([...kinds.keys(), ...counts.map(({ channel }) => channel)]);
  const channels = [...names].map((channel) => ({
    channel,
    /** null: it is in the queue, but not in the configuration any more. */
    kind: kinds.get(channel) ?? null,
    ...(counts.find((row) => row.channel === channel) ?? NOTHING),
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

const NOTHING = { waiting: 0, failing: 0, givenUp: 0, delivered: 0, waitingSince: null };

/**
 * `license-server alerts test CHANNEL`: sends a test now, beside the queue, and says what the receiver answered.
 *
 * @throws `unknown_alert_channel`, `alert_undelivered`; as openChannels
 */
export async function testAlert({ terminal, env, config }: CommandContext, name: string): Promise<ExitCode> {
  const wanted = config.alertChannels.filter((channel) => channel.name === name);
  const timeoutMs = config.alertTimeoutSeconds * 1000;
  const [channel] = await openChannels(wanted, { timeoutMs, env });
  if (channel === undefined) throw unknownChannel(name, config.alertChannels);
  try {
    const receipt = await sendTest(channel);
    if (!receipt.delivered)
      throw new LicenseError('alert_undelivered', { channel: name, problem: receipt.problem });
    const words = WORDS[terminal.language];
    answer(terminal, { channel: name, answer: receipt.answer }, words.delivered(name, receipt.answer));
    return 0;
  } finally {
    await channel.close();
  }
}

function sendTest(channel: Channel) {
  const [id, at] = [newId(), now()];
  const { signal } = new AbortController();
  return channel.audience === 'program'
    ? channel.send({ eventId: id, type: 'alert.test', at, data: { channel: channel.name } }, at, signal)
    : channel.send(testMessage(id, channel.language), at, signal);
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

function unknownChannel(channel: string, channels: readonly { readonly name: string }[]): LicenseError {
  const names = channels.map(({ name }) => name);
  const hint =
    names.length === 0
      ? { en: '; there are none', zh: '；目前没有通道' }
      : { en: `; there are: ${names.join(', ')}`, zh: `；现有通道：${names.join('、')}` };
  return new LicenseError('unknown_alert_channel', { channel, hint });
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
