import { expect, test } from 'vitest';
import type { AlertChannelConfig } from '../../server-stub/alerts/channel-config.ts';
import { activateMany, alertsOf, channelConfig } from '../support/alerting.ts';
import { englishIn } from '../support/chinese.ts';
import { serveEnvironment } from '../support/prepare-server.ts';
import { Receiver, verifyWebhook, WEBHOOK_SECRET } from '../support/receiver.ts';
import { type Ended, runHere } from '../support/run-here.ts';
import { TestServer } from '../support/server.ts';
import { createServerFolder, type ServerFolder } from '../support/server-folder.ts';

const ENGLISH = { LC_ALL: 'C.UTF-8' };
const CHINESE = { LC_ALL: 'zh_CN.UTF-8' };

/** `license-server` with channels, as an operator runs it. */
function command(
  folder: ServerFolder,
  channels: readonly Partial<AlertChannelConfig>[],
  args: readonly string[],
  env: Record<string, string> = ENGLISH,
): Promise<Ended> {
  const configs = JSON.stringify(channels.map(channelConfig));
  return runHere('server', {
    args,
    env: { ...serveEnvironment(folder), LICENSE_SERVER_ALERT_CHANNELS: configs, ...env },
  });
}

test('alerts test: sends a signed test now, and says what the receiver answered', async () => {
  const folder = await createServerFolder();
  const receiver = await Receiver.start();
  const ended = await command(folder, [{ url: receiver.url }], ['alerts', 'test', 'hook', '--json']);
  expect(JSON.parse(ended.stdout)).toEqual({ channel: 'hook', answer: 'HTTP 200' });
  expect(ended.code).toBe(0);
  const [received] = receiver.received as [(typeof receiver.received)[0]];
  const time = Number(received.headers['webhook-timestamp']);
  expect(verifyWebhook(received, WEBHOOK_SECRET, time)).toMatchObject({
    type: 'alert.test',
    data: { channel: 'hook' },
  });
  const read = await command(folder, [{ url: receiver.url }], ['alerts', 'test', 'hook']);
  expect(read.stdout).toBe('Channel hook took the test: HTTP 200\n');
});

test('alerts test to people: a message in their language', async () => {
  const folder = await createServerFolder();
  const receiver = await Receiver.start((response) => void response.end('{"code":0,"msg":"success"}'));
  const channel = { kind: 'feishu' as const, name: 'group', url: receiver.url };
  const ended = await command(folder, [channel], ['alerts', 'test', 'group'], CHINESE);
  expect(ended).toMatchObject({ code: 0, stdout: '通道 group 已接收测试提醒：0 success\n' });
  expect(receiver.bodies[0].content.post.zh_cn).toMatchObject({
    title: '许可证服务器提醒：测试',
    content: [[{ text: '这是一条测试消息，此处可以收到提醒。' }]],
  });
});

test('alerts test of a receiver that refuses, of an unknown channel, of a channel that cannot be', async () => {
  const folder = await createServerFolder();
  const receiver = await Receiver.start((response) => void response.writeHead(401).end());
  const refused = await command(folder, [{ url: receiver.url }], ['alerts', 'test', 'hook', '--json']);
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: 'alert_undelivered',
    detail: { channel: 'hook', problem: 'HTTP 401' },
  });
  expect(refused.code).toBe(1);
  const unknown = await command(folder, [{ url: receiver.url }], ['alerts', 'test', 'hok', '--json']);
  expect(JSON.parse(unknown.stdout)).toMatchObject({ error: 'unknown_alert_channel' });
  expect(unknown.code).toBe(2);
  const chinese = await command(folder, [{ url: receiver.url }], ['alerts', 'retry', 'hok'], CHINESE);
  expect(chinese.stderr).toContain('提醒通道“hok”不存在；现有通道：hook');
  expect(englishIn(chinese.stderr)).toEqual([]);
  for (const args of [['alerts', 'test', 'hook'], ['serve']]) {
    const broken = await command(folder, [{ url: 'http://example.org' }], [...args, '--json']);
    expect(JSON.parse(broken.stdout)).toMatchObject({ error: 'config_invalid', detail: { key: 'hook.url' } });
    expect(broken.code).toBe(2);
  }
});

test('alerts list and retry: what waits, what failed, what was given up, and no secret', async () => {
  const server = await TestServer.start();
  const { folder, clock } = server;
  const receiver = await Receiver.start((response) => void response.writeHead(500).end());
  const url = `${receiver.url}/hook?token=T0KEN-T0KEN`;
  const channels = [
    { url, events: ['license.activated' as const] },
    { name: 'gone', url, events: ['license.activated' as const] },
  ];
  const alerts = await alertsOf(server, channels);
  await activateMany(server, 1);
  await alerts.noticeChanges();
  await alerts.deliver();
  await activateMany(server, 1, 'B-');
  await alerts.noticeChanges();
  await server.store.write(clock.now(), ({ db }) =>
    db.updateTable('alert_delivery').set({ state: 'given_up' }).where('channel', '=', 'gone').execute(),
  );
  await server.stop();

  const configured = [channels[0] ?? {}, { name: 'new', url }];
  const listed = await command(folder, configured, ['alerts', '--json']);
  const { channels: counts, deliveries } = JSON.parse(listed.stdout);
  const zero = { waiting: 0, failing: 0, givenUp: 0, delivered: 0 };
  expect(counts).toMatchObject([
    { channel: 'hook', kind: 'webhook', ...zero, waiting: 2, failing: 1, waitingSince: clock.time },
    { channel: 'new', kind: 'webhook', ...zero, waitingSince: null },
    { channel: 'gone', kind: null, ...zero, givenUp: 2 },
  ]);
  expect(deliveries).toMatchObject([
    { channel: 'gone', state: 'given_up', attempts: 1, type: 'license.activated', problem: 'HTTP 500' },
    { channel: 'hook', state: 'waiting', attempts: 1, cid: server.world.cid },
  ]);
  const text = await command(folder, configured, ['alerts', 'list', '--limit', '1'], CHINESE);
  const lines = text.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(lines).toEqual([
    ['通道', '类型', '等待', '失败重试中', '已放弃', '已送达'],
    ['hook', 'webhook', '2', '1', '0', '0'],
    ['new', 'webhook', '0', '0', '0', '0'],
    ['gone', '未配置', '0', '0', '2', '0'],
    [''],
    ['通道', '事件', '尝试次数', '下次尝试', '问题'],
    ['gone', 'license.activated', '1', '已放弃', 'HTTP 500'],
  ]);
  for (const { stdout } of [listed, text]) {
    expect(stdout).not.toContain('T0KEN');
    expect(stdout).not.toContain('whsec');
  }

  const retried = await command(folder, configured, ['alerts', 'retry', 'gone']);
  expect(retried.stdout).toBe('1 alert is tried again.\n');
  const all = await command(folder, configured, ['alerts', 'retry', '--json']);
  expect(JSON.parse(all.stdout)).toEqual({ retried: 2 });
});

test('without channels the list says so', async () => {
  const folder = await createServerFolder();
  const ended = await command(folder, [], ['alerts']);
  expect(ended).toMatchObject({ code: 0, stdout: 'No channels are configured, and nothing waits.\n' });
});
