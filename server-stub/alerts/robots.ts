import { createHmac } from 'node:crypto';
import * as Type from 'typebox';
import type { Dispatcher } from 'undici';
import type { EpochSeconds } from '#core/clock.ts';
import { asQuoted } from '#core/host/reason.ts';
import { shapeProblem } from '#core/shapes.ts';
import type { Receipt, Send } from './channel.ts';
import type { Message } from './compose-message.ts';
import { fitText } from './fit-text.ts';
import { httpFailure, isSuccess, type Posted, post } from './post.ts';

export type RobotKind = 'wecom' | 'dingtalk' | 'feishu';

/** What is peculiar to the group robots of a messenger, by its own documents. */
interface Robot {
  /** The longest text it takes, in bytes. */
  readonly maxBytes: number;
  /** Where and what to post. Texts are plain, so that no LicenseKey is taken for markup or calls everybody. */
  posting(
    url: string,
    secret: string | undefined,
    message: Message,
    text: string,
    at: EpochSeconds,
  ): { readonly url: string; readonly body: object };
  /** Codes by which it says that it was sent too much, or is busy. */
  readonly busy: readonly number[];
}

/** The limits of all three are counted by the minute, and exceeding one costs up to ten. */
const BUSY_SECONDS = 60;

const ROBOTS: Readonly<Record<RobotKind, Robot>> = {
  // developer.work.weixin.qq.com/document/path/91770: text of 2,048 bytes, 20 messages a minute.
  wecom: {
    maxBytes: 2048,
    posting: (url, _secret, _message, content) => ({ url, body: { msgtype: 'text', text: { content } } }),
    busy: [-1, 45_009, 45_033],
  },
  // open.dingtalk.com, "Custom robots": signature in the URL over milliseconds, 20 messages a minute.
  dingtalk: {
    maxBytes: 16_000,
    posting: (url, secret, _message, content, at) => ({
      url: secret === undefined ? url : signedForDingtalk(url, secret, at),
      body: { msgtype: 'text', text: { content } },
    }),
    busy: [-1, 130_101, 410_100],
  },
  // open.feishu.cn, "Custom bot guide": signature in the body over seconds, body of 20 KB, 100 messages a minute.
  feishu: {
    maxBytes: 12_000,
    posting: (url, secret, message, text, at) => ({
      url,
      body: {
        ...(secret !== undefined && signedForFeishu(secret, at)),
        msg_type: 'post',
        content: { post: { [message.language === 'zh' ? 'zh_cn' : 'en_us']: feishuPost(message, text) } },
      },
    }),
    busy: [11_232, 11_233, 99_991_400],
  },
};

/** Sends messages to a group robot; its answer is a failure unless its own code says otherwise, also with HTTP 200. */
export function robot(
  kind: RobotKind,
  url: string,
  secret: string | undefined,
  dispatcher: Dispatcher,
): Send<Message> {
  const { maxBytes, posting, busy } = ROBOTS[kind];
  return async (message, at, signal) => {
    const text = fitText([message.title, ...message.lines], maxBytes);
    const { url: address, body } = posting(url, secret, message, text, at);
    const posted = await post({ url: address, body: JSON.stringify(body), dispatcher, signal });
    if (isSuccess(posted)) return receiptOf(await posted.text(), busy);
    posted.leave();
    return httpFailure(patient(posted));
  };
}

function signedForDingtalk(url: string, secret: string, at: EpochSeconds): string {
  const timestamp = String(at * 1000);
  const sign = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
  const signed = new URL(url);
  signed.searchParams.set('timestamp', timestamp);
  signed.searchParams.set('sign', sign);
  return signed.href;
}

/** Feishu takes what others sign for the key, and signs nothing with it. */
function signedForFeishu(secret: string, at: EpochSeconds): { timestamp: string; sign: string } {
  const timestamp = String(at);
  return { timestamp, sign: createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64') };
}

function feishuPost({ title }: Message, text: string): object {
  const [, ...lines] = text.split('\n');
  return { title, content: lines.map((line) => [{ tag: 'text', text: line }]) };
}

const Answer = Type.Union([
  Type.Object({ errcode: Type.Integer(), errmsg: Type.Optional(Type.String()) }),
  Type.Object({ code: Type.Integer(), msg: Type.Optional(Type.String()) }),
  Type.Object({ StatusCode: Type.Integer(), StatusMessage: Type.Optional(Type.String()) }),
]);

function receiptOf(text: string, busy: readonly number[]): Receipt {
  const answer = parse(text);
  if (answer === undefined) {
    const problem = { en: 'it answers as no robot does', zh: '应答不是机器人接口的格式' };
    return { delivered: false, problem, unavailable: true };
  }
  const [code, words] = answer;
  if (code === 0) return { delivered: true, answer: `${code} ${words}`.trimEnd() };
  const { en, zh } = asQuoted(words);
  const problem = { en: `code ${code}: ${en}`, zh: `错误码 ${code}：${zh}` };
  const unavailable = busy.includes(code);
  return { delivered: false, problem, unavailable, ...(unavailable && { retryAfterSeconds: BUSY_SECONDS }) };
}

function parse(text: string): [code: number, words: string] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (shapeProblem(Answer, value) !== undefined) return undefined;
  const { errcode, code, StatusCode, errmsg, msg, StatusMessage } = value as Record<string, unknown>;
  return [Number(errcode ?? code ?? StatusCode), String(errmsg ?? msg ?? StatusMessage ?? '')];
}

/** A robot that is sent too much says so by HTTP status too, without a time. */
function patient(posted: Posted): Posted {
  if (posted.status !== 429 || posted.retryAfterSeconds !== undefined) return posted;
  return { ...posted, retryAfterSeconds: BUSY_SECONDS };
}
