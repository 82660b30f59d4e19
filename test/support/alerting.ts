import { expect, onTestFinished } from 'vitest';
import { createLog } from '#core/host/log.ts';
import { Alerts } from '../../server-stub/alerts/alerts.ts';
import type { Channel } from '../../server-stub/alerts/channel.ts';
import type { AlertChannelConfig } from '../../server-stub/alerts/channel-config.ts';
import { openChannels } from '../../server-stub/alerts/open-channels.ts';
import { activate } from '../../server-stub/licensing/activate.ts';
import { WEBHOOK_SECRET } from './receiver.ts';
import type { TestServer } from './server.ts';

/** A channel of the configuration; what a test leaves out is a webhook called `hook`. */
export function channelConfig(config: Partial<AlertChannelConfig>): AlertChannelConfig {
  return {
    name: 'hook',
    kind: 'webhook',
    events: [],
    language: 'zh',
    allowInsecure: false,
    ...((config.kind ?? 'webhook') === 'webhook' &&
      config.secretFile === undefined && { secret: WEBHOOK_SECRET }),
    ...config,
  };
}

export interface AlertingOptions {
  timeoutMs?: number;
  digestSeconds?: number;
  unseenDays?: number;
  quotaPercent?: number;
}

/** Channels that a test opened; closed after it. */
export async function openTestChannels(
  configs: readonly Partial<AlertChannelConfig>[],
  { timeoutMs = 10_000 } = {},
): Promise<Channel[]> {
  const channels = await openChannels(configs.map(channelConfig), { timeoutMs, env: {} });
  for (const channel of channels) onTestFinished(() => channel.close());
  return channels;
}

/** Alerts on a test's server and its clock, which the test lets notice and deliver; back-off always in the middle. */
export async function alertsOf(
  { store, clock }: Pick<TestServer, 'store' | 'clock'>,
  configs: readonly Partial<AlertChannelConfig>[],
  { timeoutMs = 10_000, digestSeconds = 60, unseenDays = 14, quotaPercent = 90 }: AlertingOptions = {},
): Promise<Alerts> {
  return new Alerts({
    store,
    clock,
    channels: await openTestChannels(configs, { timeoutMs }),
    log: createLog('license-server', 'fatal'),
    zone: 'Asia/Shanghai',
    digestSeconds,
    timeoutMs,
    quotaPercent,
    unseenDays,
    random: () => 0.5,
  });
}

/** Activates LicenseKeys SN-0, SN-1 … in one transaction, without HTTP. */
export async function activateMany(server: TestServer, count: number, prefix = 'SN-'): Promise<void> {
  const { cid, appId, purchase } = server.world;
  const requests = Array.from({ length: count }, (_, index) => ({
    cid,
    appId,
    pid: purchase.pid,
    licenseKey: `${prefix}${index}`,
    actor: 'operator:test',
  }));
  const outcomes = await server.store.write(server.clock.now(), (transaction) =>
    activate(transaction, requests),
  );
  expect(outcomes.every(({ ok }) => ok)).toBe(true);
}

/** Events of the queue, oldest first. */
export async function queuedEvents({ store }: Pick<TestServer, 'store'>) {
  const rows = await store.reader.selectFrom('alert_event').selectAll().orderBy('event_id').execute();
  return rows.map(({ type, stage, at, data }) => ({ type, stage, at, data: JSON.parse(data) }));
}
