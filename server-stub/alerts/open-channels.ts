import { type Bilingual, LicenseError } from '#core/errors.ts';
import { readTextFile } from '#core/host/files.ts';
import { createHttpDispatcher } from '#core/host/http-dispatcher.ts';
import { readSecretFile } from '#core/host/key-file.ts';
import { isLoopback } from '../is-loopback.ts';
import type { Channel, Send } from './channel.ts';
import type { AlertChannelConfig } from './channel-config.ts';
import { guardSending, secretsOf } from './guard-sending.ts';
import { type MailOptions, mail } from './mail.ts';
import { robot } from './robots.ts';
import { webhook } from './webhook.ts';

export interface OpenChannelsOptions {
  /** How long a receiver may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Holds the proxy variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The channels of the configuration, their secrets read, ready to send. Nothing is sent.
 *
 * @throws `config_invalid` that names channel and key; `key_file_permissions`, `file_unreadable`
 */
export async function openChannels(
  configs: readonly AlertChannelConfig[],
  options: OpenChannelsOptions,
): Promise<Channel[]> {
  const twice = configs.find(({ name }, index) => configs.findIndex((other) => other.name === name) < index);
  if (twice !== undefined) throw invalid(twice, 'name', { en: 'is there twice', zh: '重复' });
  return Promise.all(configs.map((config) => openChannel(config, options)));
}

async function openChannel(
  config: AlertChannelConfig,
  { timeoutMs, env }: OpenChannelsOptions,
): Promise<Channel> {
  const { name, kind, language, events, cid } = config;
  const url = urlOf(config);
  const secret = settingOf(config, 'secret');
  const ca = config.caFile === undefined ? '' : readTextFile(config.caFile, 1024 * 1024);
  const dispatcher = await createHttpDispatcher({ ca, env });
  const secrets = secretsOf(url, secret);
  const common = {
    name,
    kind,
    language,
    wants: (type: (typeof events)[number], company?: string) =>
      (events.length === 0 || events.includes(type)) &&
      (cid === undefined || company === undefined || cid === company),
    close: () => dispatcher.destroy(),
  };
  const guard = <What>(send: Send<What>) => guardSending(send, { timeoutMs, secrets });
  switch (kind) {
    case 'webhook':
      return {
        ...common,
        audience: 'program',
        send: guard(webhook(url.href, signingSecrets(config, secret), dispatcher)),
      };
    case 'email':
      return {
        ...common,
        audience: 'people',
        send: guard(mail({ ...mailOf(config, url, secret), ca, timeoutMs })),
      };
    default:
      return { ...common, audience: 'people', send: guard(robot(kind, url.href, secret, dispatcher)) };
  }
}

/** A value of the table, or of the file that it names. */
function settingOf(config: AlertChannelConfig, key: 'url' | 'secret'): string | undefined {
  const file = config[`${key}File`];
  if (file === undefined) return config[key];
  if (config[key] !== undefined)
    throw invalid(config, key, { en: `is there beside ${key}File`, zh: `与 ${key}File 不可同时设置` });
  return readSecretFile(file).trim();
}

const PROTOCOLS: Readonly<Record<'http' | 'email', readonly [safe: string, plain: string]>> = {
  http: ['https:', 'http:'],
  email: ['smtps:', 'smtp:'],
};

function urlOf(config: AlertChannelConfig): URL {
  const [safe, plain] = PROTOCOLS[config.kind === 'email' ? 'email' : 'http'];
  const text = settingOf(config, 'url');
  if (text === undefined) throw invalid(config, 'url', MISSING);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || ![safe, plain].includes(url.protocol) || url.hostname === '')
    throw invalid(config, 'url', { en: `must begin with ${safe}//`, zh: `必须以 ${safe}// 开头` });
  // With smtp: the connection becomes TLS by STARTTLS.
  if (url.protocol === 'http:' && !config.allowInsecure && !isLoopback(url.hostname)) {
    const problem = {
      en: 'is plain HTTP to another host; use https:// or set allowInsecure',
      zh: '为发往其他主机的明文 HTTP；请使用 https:// 或设置 allowInsecure',
    };
    throw invalid(config, 'url', problem);
  }
  return url;
}

/** Source: Standard Webhooks, "Symmetric": base64 of 24 to 64 bytes after `whsec_`. */
function signingSecrets(config: AlertChannelConfig, secret: string | undefined): readonly string[] {
  if (secret === undefined) throw invalid(config, 'secret', MISSING);
  const secrets = secret.split(/\s+/).filter(Boolean);
  const good = secrets.every((text) => {
    const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
    const bytes = Buffer.from(base64, 'base64');
    return bytes.length >= 24 && bytes.length <= 64 && bytes.toString('base64') === base64;
  });
  if (good && secrets.length > 0 && secrets.length <= 3) return secrets;
  const problem = {
    en: 'must be whsec_ and base64 of 24 to 64 random bytes',
    zh: '必须为 whsec_ 加上 24 到 64 个随机字节的 base64',
  };
  throw invalid(config, 'secret', problem);
}

function mailOf(
  config: AlertChannelConfig,
  url: URL,
  password: string | undefined,
): Omit<MailOptions, 'ca' | 'timeoutMs'> {
  const { from, to, allowInsecure } = config;
  if (from === undefined) throw invalid(config, 'from', MISSING);
  if (to === undefined) throw invalid(config, 'to', MISSING);
  if (url.username !== '' && url.password === '' && password === undefined)
    throw invalid(config, 'secret', MISSING);
  const plain = isLoopback(url.hostname) ? 'loopback' : allowInsecure ? 'allowed' : 'never';
  return { url: url.href, password, from, to, plain };
}

const MISSING: Bilingual = { en: 'is missing', zh: '缺失' };

function invalid({ name }: AlertChannelConfig, key: string, problem: Bilingual): LicenseError {
  return new LicenseError('config_invalid', { file: 'alertChannels', key: `${name}.${key}`, problem });
}
