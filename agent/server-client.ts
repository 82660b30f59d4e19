import type { Dispatcher } from 'undici';
import { Answer } from '#core/documents/answer.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { createHttpDispatcher } from '#core/host/http-dispatcher.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import { shapeProblem } from '#core/shapes.ts';
import type { Environment } from './options.ts';

export interface ServerClientOptions {
  /** How long one URL may take to answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Holds the proxy variables. */
  readonly env: Environment;
  /** Ends calls under way when the daemon stops. */
  readonly signal?: AbortSignal | undefined;
}

export interface ServerAnswers {
  /** For each request in order what came back, not verified; or why that is no answer. */
  readonly answers: readonly (Answer | LicenseError)[];
  readonly serverUrl: string;
}

/** Sends signed requests, all in one call, to the servers of an enrollment. */
export type SendRequests = (
  compacts: readonly string[],
  enrollment: Enrollment,
  preferredUrl: string | undefined,
) => Promise<ServerAnswers>;

const MAX_ANSWER_BYTES = 256 * 1024;
/** What each further answer may add. */
const MORE_ANSWER_BYTES = 32 * 1024;

/**
 * The road to the license server: its URLs in order, the one that answered last first, until one answers. What
 * comes back is only shaped here; whoever asked verifies it.
 *
 * The call throws `enrollment_rejected` (HTTP 401), `server_answer_unusable` (anything but an answer) or
 * `server_unreachable`, the latter two with `retryAfterSeconds` where a server asked for patience. None of them
 * says anything about what is held. Source: protocol, "What ends a license on a device".
 */
export function createServerClient({ timeoutMs, env, signal }: ServerClientOptions): SendRequests {
  return async (compacts, { serverUrls, caCertificate }, preferredUrl) => {
    // The authority of the enrollment and no other; where it names none (TLS ends at somebody's proxy), those that
    // the machine trusts. What is said is signed either way.
    const dispatcher = await createHttpDispatcher({ ca: caCertificate, env }).catch((thrown: unknown) => {
      throw unreachable(thrown);
    });
    try {
      const failures: LicenseError[] = [];
      for (const serverUrl of preferred(serverUrls, preferredUrl)) {
        try {
          const answers = await post(`${serverUrl.replace(/\/+$/, '')}/v1/license-requests`, compacts, {
            dispatcher,
            signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
          });
          return { answers, serverUrl };
        } catch (thrown) {
          failures.push(thrown instanceof LicenseError ? thrown : unreachable(thrown));
        }
      }
      throw mostTelling(failures);
    } finally {
      await dispatcher.destroy();
    }
  };
}

async function post(
  url: string,
  compacts: readonly string[],
  { dispatcher, signal }: { dispatcher: Dispatcher; signal: AbortSignal },
): Promise<(Answer | LicenseError)[]> {
  const { request } = await import('undici');
  const [only = ''] = compacts;
  const isOne = compacts.length === 1;
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': isOne ? 'application/jwt' : 'application/json', accept: 'application/json' },
    body: isOne ? only : JSON.stringify(compacts),
    dispatcher,
    signal,
  });
  const mostBytes = MAX_ANSWER_BYTES + (compacts.length - 1) * MORE_ANSWER_BYTES;
  const text = await readBounded(response.body, mostBytes);
  if (response.statusCode === 401) throw new LicenseError('enrollment_rejected');
  const value = parse(text);
  if (response.statusCode !== 200) {
    throw unusable(bare(`HTTP ${response.statusCode}${codeIn(value)}`), {
      retryAfterSeconds: retryAfter(response.headers['retry-after']),
      isRefused: response.statusCode === 400 && codeIn(value) !== '',
    });
  }
  const answers = isOne ? [value] : value;
  if (!Array.isArray(answers) || answers.length !== compacts.length) throw unusable(bare('HTTP 200'));
  return isOne ? [answerOf(value)] : answers.map((each) => orProblem(each));
}

/** @throws `server_answer_unusable` */
function answerOf(value: unknown): Answer {
  if (shapeProblem(Answer, value) !== undefined) throw unusable(bare('HTTP 200'));
  return value as Answer;
}

/** One of many answers, or the problem that stands in its place. */
function orProblem(value: unknown): Answer | LicenseError {
  if (shapeProblem(Answer, value) === undefined) return value as Answer;
  const status = typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined;
  if (status === 401) return new LicenseError('enrollment_rejected');
  const isRefused = status === 400 && codeIn(value) !== '';
  return unusable(bare(`HTTP ${typeof status === 'number' ? status : 200}${codeIn(value)}`), { isRefused });
}

async function readBounded(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    // Leaving the loop destroys the stream, so that no more of it is read.
    if (size > mostBytes)
      throw unusable({ en: `more than ${mostBytes} bytes`, zh: `超过 ${mostBytes} 字节` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function preferred(urls: readonly string[], url: string | undefined): readonly string[] {
  return url !== undefined && urls.includes(url) ? [url, ...urls.filter((other) => other !== url)] : urls;
}

/** RFC 9110 §10.2.3, the form in seconds; the form with a date needs a clock that devices may not have. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}

/** The code that a license server gives with a failure; nothing where it was somebody else who answered. */
function codeIn(value: unknown): string {
  const error = typeof value === 'object' && value !== null && 'error' in value ? value.error : undefined;
  return typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? ` ${error}` : '';
}

/** An HTTP status and a code read the same in every language. */
function bare(text: string): Bilingual {
  return { en: text, zh: text };
}

interface UnusableReasons {
  readonly retryAfterSeconds?: number | undefined;
  /** The server itself found fault with the request: sent again it would again. */
  readonly isRefused?: boolean;
}

function unusable(
  problem: Bilingual,
  { retryAfterSeconds, isRefused = false }: UnusableReasons = {},
): LicenseError {
  return new LicenseError('server_answer_unusable', {
    problem,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(isRefused && { isRefused }),
  });
}

function unreachable(cause: unknown): LicenseError {
  const { en, zh } = reasonOf(cause);
  const code = codeOf(cause);
  // The code of a system call or a library says it most exactly; a number is that of an old kind of exception.
  const isTelling = code !== undefined && /^[A-Z]/.test(code);
  const problem = isTelling ? { en: `${en} (${code})`, zh: `${zh}（${code}）` } : { en, zh };
  return new LicenseError('server_unreachable', { problem }, { cause });
}

/** Of several servers' failures the one that says most: a refusal, else a strange answer, else silence. */
function mostTelling(failures: readonly LicenseError[]): LicenseError {
  const find = (code: string) => failures.find((failure) => failure.code === code);
  return (
    find('enrollment_rejected') ??
    find('server_answer_unusable') ??
    failures[0] ??
    new LicenseError('server_unreachable')
  );
}
