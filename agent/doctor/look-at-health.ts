import type { IncomingHttpHeaders } from 'undici/types/header.js';
import type { EpochSeconds } from '#core/clock.ts';
import type { Bilingual, Language } from '#core/errors.ts';
import { createHttpDispatcher } from '#core/host/http-dispatcher.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import type { Environment } from '../options.ts';
import { about, type Finding, finding } from './finding.ts';
import type { Road } from './road.ts';
import { STEP_MS } from './within.ts';

export interface HealthLook {
  readonly found: Finding;
  /** What the server's clock says; undefined where it was no license server that answered. */
  readonly serverTime?: EpochSeconds;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Its beginning. */
  readonly text: string;
}

const MOST_TEXT = 16 * 1024;

/** Whether it is a license server that answers, on the road that the daemon takes, and one that can issue. */
export async function lookAtHealth(road: Road, env: Environment): Promise<HealthLook> {
  const { shown } = road;
  try {
    const health = await ask(road, 'healthz', env);
    if (health.status !== 200 || statusIn(health) !== 'ok') return { found: stranger(shown, health) };
    const ready = await ask(road, 'readyz', env);
    const serverTime = timeIn(ready);
    const found = cannotIssue(ready)
      ? await notReady(road, ready, env)
      : finding(
          'server',
          'ok',
          { en: `${shown} is up`, zh: `${shown} 运行正常` },
          { detail: { url: shown } },
        );
    return { found, ...(serverTime !== undefined && { serverTime }) };
  } catch (cause) {
    return {
      found: finding('server', 'fault', about(shown, reasonOf(cause)), {
        remedy: LOOK_THERE,
        detail: { url: shown, problem: codeOf(cause) ?? '' },
      }),
    };
  }
}

function cannotIssue(reply: Reply): boolean {
  return reply.status === 503 && statusIn(reply) === 'not ready';
}

/** What the server itself says of why it cannot issue, in both languages. */
async function notReady(road: Road, english: Reply, env: Environment): Promise<Finding> {
  const chinese = await ask(road, 'readyz', env, 'zh');
  const [en, zh] = [problemsIn(english), problemsIn(chinese)];
  const words = {
    en: `${CANNOT_ISSUE.en}: ${en.join('; ')}`,
    zh: `${CANNOT_ISSUE.zh}：${zh.join('；')}`,
  };
  return finding('server', 'fault', about(road.shown, words), {
    remedy: TELL_OPERATOR,
    detail: { url: road.shown, httpStatus: english.status, problems: en },
  });
}

async function ask(
  { url, ca = '' }: Road,
  path: string,
  env: Environment,
  language: Language = 'en',
): Promise<Reply> {
  const { request } = await import('undici');
  const dispatcher = await createHttpDispatcher({ ca, env });
  try {
    const { statusCode, headers, body } = await request(`${url.href.replace(/\/+$/, '')}/${path}`, {
      dispatcher,
      headers: { 'accept-language': language },
      signal: AbortSignal.timeout(STEP_MS),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      // Leaving the loop ends the call: no more of it is read.
      if (size > MOST_TEXT) break;
    }
    return { status: statusCode, headers, text: Buffer.concat(chunks).toString('utf8') };
  } finally {
    await dispatcher.destroy();
  }
}

/** It is somebody else who answers. */
function stranger(shown: string, { status, headers, text }: Reply): Finding {
  const isPage = /^\s*</.test(text) || /html/i.test(String(headers['content-type'] ?? ''));
  const isRedirect = status >= 300 && status < 400;
  const isPortal = status === 511 || isRedirect || (isPage && status < 400);
  const remedy = isPortal ? LOG_IN : status >= 502 && status <= 504 ? START_SERVER : WRONG_ADDRESS;
  const words = {
    en: `HTTP ${status}, which is not the answer of a license server`,
    zh: `返回 HTTP ${status}，不是许可证服务器的应答`,
  };
  return finding('server', 'fault', about(shown, words), {
    remedy,
    detail: { url: shown, httpStatus: status, isPortal, location: hostIn(headers['location']) },
  });
}

/** A portal may carry who is asking in its address: its host is enough. */
function hostIn(location: unknown): string | null {
  return typeof location === 'string' && URL.canParse(location) ? new URL(location).host : null;
}

function timeIn({ headers }: Reply): EpochSeconds | undefined {
  const { date } = headers;
  const at = typeof date === 'string' ? Date.parse(date) / 1000 : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function statusIn(reply: Reply): unknown {
  return member(reply, 'status');
}

function problemsIn(reply: Reply): string[] {
  const problems = member(reply, 'problems');
  return Array.isArray(problems) ? problems.slice(0, 10).map((each) => String(each).slice(0, 500)) : [];
}

function member({ text }: Reply, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}

const CANNOT_ISSUE: Bilingual = {
  en: 'it is up and cannot issue licenses',
  zh: '正在运行，但无法签发许可证',
};
const TELL_OPERATOR: Bilingual = {
  en: 'Tell its operator; what this device holds goes on meanwhile.',
  zh: '请告知服务器管理员；在此期间本设备已持有的许可证继续有效。',
};
const LOG_IN: Bilingual = {
  en: 'The log-in page of a network answers in its place: log in there, or let the network pass the license server.',
  zh: '应答的是网络登录页面：请登录该网络，或请网络管理员放行许可证服务器。',
};
const START_SERVER: Bilingual = {
  en: 'A proxy answers, and the license server behind it does not: check that it runs.',
  zh: '应答的是代理，其后的许可证服务器没有响应：请检查服务器是否在运行。',
};
const WRONG_ADDRESS: Bilingual = {
  en: 'Another program answers there: check the address in the enrollment file.',
  zh: '应答的是其他程序：请检查登记文件中的地址。',
};
const LOOK_THERE: Bilingual = {
  en: 'See the log of the license server; a proxy or filter may end the way there.',
  zh: '请查看许可证服务器的日志；也可能被代理或过滤设备中断。',
};
