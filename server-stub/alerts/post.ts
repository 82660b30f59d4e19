import type { Dispatcher } from 'undici';
import type { Bilingual } from '#core/errors.ts';
import type { Receipt } from './channel.ts';

/** What is read of an answer at most, in bytes. */
const MAX_ANSWER_BYTES = 65_536;

export interface Posting {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
}

export interface Posted {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  /** The answer's body, its first 64 KiB. */
  text(): Promise<string>;
  /** For those whom the status tells enough: what follows is not waited for. */
  leave(): void;
}

/** Posts JSON. Redirects are not followed: the signature and the secrets of a URL are for its host alone. */
export async function post({ url, headers = {}, body, dispatcher, signal }: Posting): Promise<Posted> {
  // Loaded on use: most servers tell nobody.
  const { request } = await import('undici');
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'license-server', ...headers },
    body,
    dispatcher,
    signal,
  });
  return {
    status: response.statusCode,
    retryAfterSeconds: retryAfter(response.headers['retry-after'], response.headers['date']),
    text: () => readBounded(response.body),
    leave: () => void response.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => {}),
  };
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop destroys the stream, so that no more of it is read.
    if (size >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

/** RFC 9110 §10.2.3: seconds, or a date, which is taken by the receiver's own clock. */
function retryAfter(header: unknown, date: unknown): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const [until, now] = [Date.parse(header), Date.parse(String(date))];
  return Number.isNaN(until) || Number.isNaN(now) ? undefined : Math.max(0, (until - now) / 1000);
}

/** Statuses of a receiver that cannot now, whatever it is sent: RFC 9110, RFC 6585, RFC 8470. */
const PATIENCE: readonly number[] = [408, 425, 429];

/** The failure that an HTTP status other than 2xx is. */
export function httpFailure({ status, retryAfterSeconds }: Posted): Receipt {
  const problem: Bilingual =
    status >= 300 && status < 400
      ? {
          en: `it redirects (HTTP ${status}), which is not followed`,
          zh: `返回重定向（HTTP ${status}），不会跟随`,
        }
      : { en: `HTTP ${status}`, zh: `HTTP ${status}` };
  const unavailable = status >= 500 || PATIENCE.includes(status);
  return { delivered: false, problem, unavailable, retryAfterSeconds };
}

/** Whether an HTTP status says that all is well. */
export function isSuccess({ status }: Posted): boolean {
  return status >= 200 && status < 300;
}
