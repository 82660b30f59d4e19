import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AlertChannelConfig } from '../../server-stub/alerts/channel-config.ts';
import { fitText } from '../../server-stub/alerts/fit-text.ts';
import { loadServerConfig } from '../../server-stub/config.ts';
import { openTestChannels } from '../support/alerting.ts';
import { temporaryFolder } from '../support/folder.ts';
import { Receiver, verifyWebhook, WEBHOOK_SECRET } from '../support/receiver.ts';
import { throwsWithCode } from '../support/throws.ts';
import { NOW } from '../support/world.ts';

const URL = 'https://receiver.example.org/hook';
const MAIL: Partial<AlertChannelConfig> = {
  kind: 'email',
  url: 'smtps://user@mail.example.org',
  secret: 'password',
  from: 'a@example.org',
  to: ['b@example.org'],
};

test('a table of each kind, as the TOML file has them', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'server.toml');
  const secretFile = join(folder, 'hook.secret');
  writeFileSync(secretFile, `${WEBHOOK_SECRET}\n`, { mode: 0o600 });
  writeFileSync(
    file,
    `alertDigestSeconds = 120
[[alertChannels]]
name = "backend"
kind = "webhook"
url = "${URL}"
secretFile = "${secretFile}"
events = ["license.activated", "license.expired"]

[[alertChannels]]
name = "ops"
kind = "email"
url = "smtp://alerts@mail.example.org:587"
secret = "password"
from = "license@example.org"
to = ["ops@example.org"]
language = "en"

[[alertChannels]]
name = "group"
kind = "dingtalk"
url = "https://oapi.dingtalk.com/robot/send?access_token=T"
secret = "SEC1"
cid = "717241"
`,
  );
  const { alertChannels, alertDigestSeconds } = loadServerConfig(file, {});
  expect(alertDigestSeconds).toBe(120);
  const [backend, ops, group] = await openTestChannels(alertChannels);
  expect([backend?.audience, ops?.audience, group?.audience]).toEqual(['program', 'people', 'people']);
  expect([backend?.wants('license.expired', '1'), backend?.wants('quota.low', '1')]).toEqual([true, false]);
  expect([group?.wants('quota.low', '717241'), group?.wants('quota.low', '1')]).toEqual([true, false]);
  expect([ops?.language, group?.language]).toEqual(['en', 'zh']);
});

test.each<[string, Partial<AlertChannelConfig>, string]>([
  ['no URL', {}, 'url'],
  ['no web address', { url: 'receiver.example.org' }, 'url'],
  ['another protocol', { url: 'ftp://receiver.example.org' }, 'url'],
  ['plain HTTP to another host', { url: 'http://receiver.example.org' }, 'url'],
  ['plain HTTP to a name that only begins like this host', { url: 'http://127.0.0.1.example.org' }, 'url'],
  ['HTTP for mail', { ...MAIL, url: URL }, 'url'],
  ['no secret', { url: URL, secret: undefined as never }, 'secret'],
  ['a secret without its prefix', { url: URL, secret: Buffer.alloc(32).toString('base64') }, 'secret'],
  ['a short secret', { url: URL, secret: `whsec_${Buffer.alloc(23).toString('base64')}` }, 'secret'],
  ['a secret that is no base64', { url: URL, secret: `whsec_${'!'.repeat(44)}` }, 'secret'],
  ['a good and a bad secret', { url: URL, secret: `${WEBHOOK_SECRET} x` }, 'secret'],
  ['mail without sender', { ...MAIL, from: undefined as never }, 'from'],
  ['mail without recipients', { ...MAIL, to: undefined as never }, 'to'],
  ['mail with a user and no password', { ...MAIL, secret: undefined as never }, 'secret'],
])('%s is refused by channel and key', async (_, config, key) => {
  const { detail } = await throwsWithCode(openTestChannels([config]), 'config_invalid');
  expect(detail).toMatchObject({ key: `hook.${key}` });
  expect(JSON.stringify(detail)).not.toMatch(/whsec_\w{4}|AAAA|!!!!|password/);
});

test('a name that is there twice is refused', async () => {
  const config = { url: URL, name: 'a' };
  const { detail } = await throwsWithCode(openTestChannels([config, config]), 'config_invalid');
  expect(detail).toMatchObject({ key: 'a.name' });
});

test('plain HTTP is allowed to this host, and to others where the operator says so', async () => {
  const urls = ['http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'];
  await openTestChannels(urls.map((url, index) => ({ url, name: `c${index}` })));
  await openTestChannels([{ url: 'http://receiver.example.org', allowInsecure: true }]);
});

test('URL and secret come from files, which nobody else may read', async () => {
  const folder = temporaryFolder();
  const receiver = await Receiver.start();
  const [urlFile, secretFile] = [join(folder, 'url'), join(folder, 'secret')];
  writeFileSync(urlFile, `${receiver.url}\n`, { mode: 0o600 });
  writeFileSync(secretFile, `${WEBHOOK_SECRET}\n`, { mode: 0o600 });
  const [channel] = await openTestChannels([{ urlFile, secretFile }]);
  if (channel?.audience !== 'program') throw new Error('no program');
  const event = { eventId: 'E', type: 'alert.test', at: NOW, data: {} };
  expect(await channel.send(event, NOW, new AbortController().signal)).toMatchObject({ delivered: true });
  verifyWebhook(receiver.received[0] as never, WEBHOOK_SECRET, NOW);

  await throwsWithCode(openTestChannels([{ url: URL, urlFile, secretFile }]), 'config_invalid');
  await throwsWithCode(
    openTestChannels([{ url: URL, secret: WEBHOOK_SECRET, secretFile }]),
    'config_invalid',
  );
  chmodSync(secretFile, 0o644);
  await throwsWithCode(openTestChannels([{ url: URL, secretFile }]), 'key_file_permissions');
  await throwsWithCode(openTestChannels([{ url: URL, secretFile: join(folder, 'no') }]), 'file_unreadable');
});

test('what a receiver says of us has no secret in it', async () => {
  const receiver = await Receiver.start();
  const token = 'T0KEN-T0KEN';
  receiver.answering = (response, { path }) =>
    void response.end(
      JSON.stringify({ errcode: 310_000, errmsg: `bad ${path} SECSECSEC ${token} ${'x'.repeat(999)}` }),
    );
  const [channel] = await openTestChannels([
    { kind: 'dingtalk', url: `${receiver.url}/robot/send?access_token=${token}`, secret: 'SECSECSEC' },
  ]);
  if (channel?.audience !== 'people') throw new Error('no people');
  const message = { id: 'M', language: 'zh' as const, title: 't', lines: ['l'] };
  const receipt = await channel.send(message, NOW, new AbortController().signal);
  const text = JSON.stringify(receipt);
  expect(text).toContain('310000');
  expect(text).not.toContain(token);
  expect(text).not.toContain('SECSECSEC');
  expect(text.length).toBeLessThan(800);
});

test.each<[readonly string[], number, string]>([
  [['ab', 'cd'], 5, 'ab\ncd'],
  [['ab', 'cd', 'ef'], 7, 'ab\n…'],
  [['ab', 'cd', 'ef'], 8, 'ab\ncd\nef'],
  [['许可证服务器'], 10, '许可…'],
  [['许可证服务器'], 18, '许可证服务器'],
])('%j in %i bytes is %j', (lines, maxBytes, text) => {
  expect(fitText(lines, maxBytes)).toBe(text);
  expect(Buffer.byteLength(fitText(lines, maxBytes))).toBeLessThanOrEqual(maxBytes);
});
