import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PeopleChannel, ProgramChannel, Receipt } from '../../server-stub/alerts/channel.ts';
import type { AlertChannelConfig } from '../../server-stub/alerts/channel-config.ts';
import type { Message } from '../../server-stub/alerts/compose-message.ts';
import { mail } from '../../server-stub/alerts/mail.ts';
import { createTlsCertificates } from '../../server-stub/tls.ts';
import { openTestChannels } from '../support/alerting.ts';
import { englishIn } from '../support/chinese.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Answering, Receiver, verifyWebhook, WEBHOOK_SECRET } from '../support/receiver.ts';
import { SmtpSink } from '../support/smtp-sink.ts';
import { NOW } from '../support/world.ts';

const EVENT = { eventId: 'E1', type: 'license.activated', at: NOW - 5, data: { cid: '717241', count: 1 } };
const MESSAGE: Message = {
  id: 'M1',
  language: 'zh',
  title: '许可证服务器提醒：学校（717241）',
  lines: ['已激活 1 个 License', '• SN-1（教室）'],
};
const NEVER = new AbortController().signal;

async function sendEvent(config: Partial<AlertChannelConfig>, timeoutMs?: number): Promise<Receipt> {
  const [channel] = (await openTestChannels([config], { timeoutMs })) as [ProgramChannel];
  return channel.send(EVENT, NOW, NEVER);
}

async function sendMessage(
  config: Partial<AlertChannelConfig>,
  message: Message = MESSAGE,
  timeoutMs?: number,
): Promise<Receipt> {
  const [channel] = (await openTestChannels([config], { timeoutMs })) as [PeopleChannel];
  const receipt = await channel.send(message, NOW, NEVER);
  if (!receipt.delivered) expect(englishIn(receipt.problem.zh)).toEqual([]);
  return receipt;
}

test('a webhook is a Standard Webhook: id, time and signature, which the library verifies', async () => {
  const receiver = await Receiver.start();
  expect(await sendEvent({ url: `${receiver.url}/hook?x=1` })).toEqual({
    delivered: true,
    answer: 'HTTP 200',
  });
  const [received] = receiver.received as [(typeof receiver.received)[0]];
  expect(verifyWebhook(received, WEBHOOK_SECRET, NOW)).toEqual({
    type: 'license.activated',
    timestamp: '2026-02-28T23:59:55Z',
    data: EVENT.data,
  });
  expect(received).toMatchObject({
    path: '/hook?x=1',
    headers: { 'webhook-id': 'E1', 'webhook-timestamp': String(NOW), 'content-type': 'application/json' },
  });
  const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
  expect(() => verifyWebhook(received, other, NOW)).toThrow();
  expect(() => verifyWebhook({ ...received, body: `${received.body} ` }, WEBHOOK_SECRET, NOW)).toThrow();
  expect(() => verifyWebhook(received, WEBHOOK_SECRET, NOW + 600)).toThrow();
});

test('while a secret is being changed, both sign', async () => {
  const receiver = await Receiver.start();
  const other = `whsec_${Buffer.alloc(24, 8).toString('base64')}`;
  await sendEvent({ url: receiver.url, secret: `${WEBHOOK_SECRET} ${other}` });
  const [received] = receiver.received as [(typeof receiver.received)[0]];
  for (const secret of [WEBHOOK_SECRET, other]) verifyWebhook(received, secret, NOW);
});

const status =
  (code: number, headers: Record<string, string> = {}): Answering =>
  (response) =>
    void response.writeHead(code, headers).end();

test.each<[string, Answering, object]>([
  ['204', status(204), { delivered: true }],
  ['500', status(500), { delivered: false, unavailable: true, problem: { en: 'HTTP 500' } }],
  ['429', status(429, { 'retry-after': '120' }), { unavailable: true, retryAfterSeconds: 120 }],
  [
    '503 with a date',
    status(503, { date: 'Sun, 01 Mar 2026 00:00:00 GMT', 'retry-after': 'Sun, 01 Mar 2026 00:01:00 GMT' }),
    { unavailable: true, retryAfterSeconds: 60 },
  ],
  [
    '503 with nonsense',
    status(503, { 'retry-after': 'soon' }),
    { unavailable: true, retryAfterSeconds: undefined },
  ],
  ['400', status(400), { delivered: false, unavailable: false }],
  ['410', status(410), { delivered: false, unavailable: false }],
])('a receiver that answers %s', async (_, answering, receipt) => {
  const receiver = await Receiver.start(answering);
  expect(await sendEvent({ url: receiver.url })).toMatchObject(receipt);
});

test('a redirect is not followed', async () => {
  const elsewhere = await Receiver.start();
  const receiver = await Receiver.start(status(307, { location: elsewhere.url }));
  expect(await sendEvent({ url: receiver.url })).toMatchObject({ delivered: false, unavailable: false });
  expect(elsewhere.received).toEqual([]);
});

test('a receiver that hangs is given its time and no more, before and after its header', async () => {
  const silent = await Receiver.start(() => {});
  expect(await sendEvent({ url: silent.url }, 50)).toMatchObject({
    delivered: false,
    unavailable: true,
    problem: { zh: expect.stringContaining('超时') },
  });
  // Its status says that it took the event: nobody waits for the rest.
  const slow = await Receiver.start((response) => void response.writeHead(200).write('x'));
  expect(await sendEvent({ url: slow.url }, 5_000)).toMatchObject({ delivered: true });
  const robot = await Receiver.start((response) => void response.writeHead(200).write('{'));
  expect(await sendMessage({ kind: 'wecom', url: robot.url }, MESSAGE, 50)).toMatchObject({
    delivered: false,
  });
});

test('of an answer without end no more than its beginning is read', async () => {
  let written = 0;
  const endless: Answering = (response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536))) written += 65_536;
    };
    response.on('drain', more);
    more();
  };
  const robot = await Receiver.start(endless);
  expect(await sendMessage({ kind: 'dingtalk', url: robot.url })).toMatchObject({ delivered: false });
  const hook = await Receiver.start(endless);
  expect(await sendEvent({ url: hook.url })).toMatchObject({ delivered: true });
  expect(written).toBeLessThan(64 * 1024 * 1024);
});

test('HTTPS: an authority that the machine does not know is refused, and trusted where it is named', async () => {
  const tls = await createTlsCertificates(['127.0.0.1']);
  const receiver = await Receiver.start(undefined, tls);
  expect(await sendEvent({ url: receiver.url })).toMatchObject({
    delivered: false,
    problem: { en: expect.stringMatching(/not trusted/) },
  });
  expect(receiver.received).toEqual([]);
  const caFile = join(temporaryFolder(), 'ca.pem');
  writeFileSync(caFile, tls.authority);
  expect(await sendEvent({ url: receiver.url, caFile })).toMatchObject({ delivered: true });
});

test('nobody listens', async () => {
  expect(await sendEvent({ url: 'http://127.0.0.1:1' })).toMatchObject({
    delivered: false,
    unavailable: true,
    problem: { en: expect.stringMatching(/refused/) },
  });
});

test('when the server ends, sending ends at once and is no failure', async () => {
  const receiver = await Receiver.start(() => {});
  const [channel] = (await openTestChannels([{ url: receiver.url }])) as [ProgramChannel];
  const ended = new AbortController();
  const sending = channel.send(EVENT, NOW, ended.signal);
  await receiver.until((received) => received.length === 1);
  ended.abort();
  await expect(sending).rejects.toThrow();
});

const answer =
  (value: object): Answering =>
  (response) =>
    void response.end(JSON.stringify(value));

test('WeCom: text, its own code decides', async () => {
  const receiver = await Receiver.start(answer({ errcode: 0, errmsg: 'ok' }));
  const config = { kind: 'wecom', url: `${receiver.url}/cgi-bin/webhook/send?key=693a91f6` } as const;
  expect(await sendMessage(config)).toEqual({ delivered: true, answer: '0 ok' });
  expect(receiver.received[0]?.path).toBe('/cgi-bin/webhook/send?key=693a91f6');
  expect(receiver.bodies).toEqual([
    { msgtype: 'text', text: { content: [MESSAGE.title, ...MESSAGE.lines].join('\n') } },
  ]);
  receiver.answering = answer({ errcode: 93_000, errmsg: 'invalid webhook url 693a91f6' });
  expect(await sendMessage(config)).toMatchObject({
    delivered: false,
    unavailable: false,
    problem: { en: 'code 93000: invalid webhook url ***' },
  });
  receiver.answering = answer({ errcode: 45_009, errmsg: 'api freq out of limit' });
  expect(await sendMessage(config)).toMatchObject({ unavailable: true, retryAfterSeconds: 60 });
  const lines = Array.from({ length: 300 }, (_, index) => `• 设备 ${index}`);
  receiver.answering = answer({ errcode: 0 });
  await sendMessage(config, { ...MESSAGE, lines });
  const { content } = receiver.bodies.at(-1).text;
  expect(Buffer.byteLength(content)).toBeLessThanOrEqual(2048);
  expect(content).toMatch(/• 设备 \d+\n…$/);
});

test('DingTalk: signed in the URL with milliseconds', async () => {
  const receiver = await Receiver.start(answer({ errcode: 0, errmsg: 'ok' }));
  const url = `${receiver.url}/robot/send?access_token=T`;
  await sendMessage({ kind: 'dingtalk', url, secret: 'SEC42' });
  const { searchParams } = new URL(receiver.received[0]?.path ?? '', receiver.url);
  const timestamp = `${NOW}000`;
  expect(Object.fromEntries(searchParams)).toEqual({
    access_token: 'T',
    timestamp,
    sign: createHmac('sha256', 'SEC42').update(`${timestamp}\nSEC42`).digest('base64'),
  });
  expect(receiver.bodies[0]).toEqual({
    msgtype: 'text',
    text: { content: [MESSAGE.title, ...MESSAGE.lines].join('\n') },
  });
  await sendMessage({ kind: 'dingtalk', url });
  expect(receiver.received[1]?.path).toBe('/robot/send?access_token=T');
  receiver.answering = answer({ errcode: 310_000, errmsg: 'sign not match' });
  expect(await sendMessage({ kind: 'dingtalk', url, secret: 'SEC42' })).toMatchObject({
    delivered: false,
    unavailable: false,
    problem: { zh: '错误码 310000：“sign not match”' },
  });
});

test('Feishu: a post of literal texts, signed in the body with seconds', async () => {
  const receiver = await Receiver.start(answer({ code: 0, msg: 'success', data: {} }));
  const url = `${receiver.url}/open-apis/bot/v2/hook/T`;
  const lines = ['• <at user_id="all">所有人</at>'];
  expect(await sendMessage({ kind: 'feishu', url, secret: 'S' }, { ...MESSAGE, lines })).toMatchObject({
    delivered: true,
  });
  expect(receiver.bodies[0]).toEqual({
    timestamp: String(NOW),
    sign: createHmac('sha256', `${NOW}\nS`).update('').digest('base64'),
    msg_type: 'post',
    content: {
      post: { zh_cn: { title: MESSAGE.title, content: lines.map((text) => [{ tag: 'text', text }]) } },
    },
  });
  receiver.answering = answer({ code: 19_021, msg: 'sign match fail or timestamp is not within one hour' });
  expect(await sendMessage({ kind: 'feishu', url })).toMatchObject({ delivered: false, unavailable: false });
  receiver.answering = answer({ StatusCode: 0, StatusMessage: 'success' });
  expect(await sendMessage({ kind: 'feishu', url })).toMatchObject({ delivered: true });
  receiver.answering = (response) => void response.end('<html>login</html>');
  expect(await sendMessage({ kind: 'feishu', url })).toMatchObject({ delivered: false });
  receiver.answering = status(429);
  expect(await sendMessage({ kind: 'feishu', url })).toMatchObject({
    unavailable: true,
    retryAfterSeconds: 60,
  });
});

const MAIL = {
  kind: 'email' as const,
  from: 'license@example.org',
  to: ['a@example.org', 'b@example.org'],
};

test('mail: to all recipients, Chinese subject and text, the same id for the same message', async () => {
  const sink = await SmtpSink.start();
  const receipt = await sendMessage({ ...MAIL, url: `smtp://${sink.host}` });
  expect(receipt).toEqual({ delivered: true, answer: '250 taken' });
  const [arrived] = sink.mails as [(typeof sink.mails)[0]];
  expect(arrived).toMatchObject({ from: MAIL.from, to: MAIL.to, encrypted: false });
  expect(arrived.text).toMatch(/^Message-ID: <M1@license-server>$/m);
  expect(arrived.text).toMatch(/^Auto-Submitted: auto-generated$/m);
  const [header = '', body = ''] = arrived.text.split('\n\n');
  const words = [...header.matchAll(/=\?UTF-8\?B\?(.*?)\?=/g)].map(([, text = '']) =>
    Buffer.from(text, 'base64').toString(),
  );
  expect(words.join('')).toBe(MESSAGE.title);
  expect(Buffer.from(body, 'base64').toString()).toBe(`${MESSAGE.lines.join('\n')}\n`);
});

test('mail: a user and password where the server asks for them; a wrong one is not repeated in the failure', async () => {
  const login = { user: 'alerts', password: 'p@ss/word' };
  const sink = await SmtpSink.start({ login });
  const url = `smtp://alerts@${sink.host}`;
  expect(await sendMessage({ ...MAIL, url, secret: login.password })).toMatchObject({ delivered: true });
  const inUrl = `smtp://alerts:${encodeURIComponent(login.password)}@${sink.host}`;
  expect(await sendMessage({ ...MAIL, url: inUrl })).toMatchObject({ delivered: true });
  const wrong = await sendMessage({ ...MAIL, url, secret: 'wrong-password' });
  expect(wrong).toMatchObject({ delivered: false });
  const proof = Buffer.from('\0alerts\0wrong-password').toString('base64');
  for (const secret of ['wrong-password', proof]) expect(JSON.stringify(wrong)).not.toContain(secret);
});

test('mail to other hosts goes by TLS or not at all', async () => {
  const tls = await createTlsCertificates(['127.0.0.1']);
  const { from, to } = MAIL;
  const send = (host: string, ca: string) =>
    mail({ url: `smtp://${host}`, password: undefined, from, to, ca, plain: 'never', timeoutMs: 2_000 })(
      MESSAGE,
      NOW,
      NEVER,
    );
  const safe = await SmtpSink.start({ tls });
  expect(await send(safe.host, tls.authority)).toMatchObject({ delivered: true });
  expect(safe.mails).toMatchObject([{ encrypted: true }]);
  expect(await send(safe.host, '')).toMatchObject({ delivered: false });
  const plain = await SmtpSink.start();
  expect(await send(plain.host, tls.authority)).toMatchObject({ delivered: false });
  expect([safe.mails.length, plain.mails.length]).toEqual([1, 0]);
});

test.each<[string, Record<string, string>, boolean]>([
  ['an unknown recipient', { RCPT: '550 no such user' }, false],
  ['a full mailbox', { RCPT: '452 later' }, true],
  ['a refused text', { DATA: '554 spam' }, false],
  ['silence', { EHLO: '' }, true],
])('mail: %s', async (_, refuse, unavailable) => {
  const sink = await SmtpSink.start({ refuse });
  const receipt = await sendMessage({ ...MAIL, url: `smtp://${sink.host}` }, MESSAGE, 300);
  expect(receipt).toMatchObject({ delivered: false, unavailable });
  expect(sink.mails).toEqual([]);
});

test('mail: nobody listens', async () => {
  expect(await sendMessage({ ...MAIL, url: 'smtp://127.0.0.1:1' })).toMatchObject({
    delivered: false,
    unavailable: true,
    problem: { en: expect.stringMatching(/refused/) },
  });
});
