import { connect } from 'node:net';
import type { Sku } from '#core/catalog.ts';
import type { EpochSeconds } from '#core/clock.ts';
import { errorTable } from '#core/error-table.ts';
import { type ErrorCode, type ErrorDetail, LicenseError } from '#core/errors.ts';
import type { Capability, Media, SdkReason, State } from '#core/evaluate.ts';

/** What `status` says; null where something is not known. */
export interface AgentStatus {
  readonly state: State;
  /** `license_err_reason_e` of the public SDK. */
  readonly reason: SdkReason;
  readonly since: EpochSeconds | null;
  readonly until: EpochSeconds | null;
  readonly licenseKey: string | null;
  readonly license: string | null;
  readonly appId: string | null;
  readonly pid: string | null;
  readonly expireTime: EpochSeconds | null;
  /** How long the license can be used with no network at all. */
  readonly usableUntil: EpochSeconds | null;
  readonly sku: Sku | null;
  readonly capabilities: Readonly<Record<Media, Capability>>;
  readonly trustedTime: EpochSeconds;
  readonly clockUnconfirmed: boolean;
  readonly lastRefresh: { readonly at: EpochSeconds; readonly outcome: string } | null;
  readonly nextRefreshAt: EpochSeconds | null;
  /** The server that answered last, else the first of the enrollment. */
  readonly serverUrl: string | null;
  readonly enrolled: boolean;
  readonly agentVersion: string;
  /** Why the state is `invalid`, with the details of the message. */
  readonly fault?: ErrorCode;
  readonly faultDetail?: ErrorDetail;
  readonly warning?: 'license_key_shared';
}

/** What `check` says: whether the device is licensed, or whether one medium may be used now. */
export interface CheckAnswer {
  readonly allowed: boolean;
  readonly media: Media | null;
  readonly state: State;
  readonly reason: SdkReason;
  readonly because: Capability['because'];
  readonly until: EpochSeconds | null;
  readonly fault?: ErrorCode;
  /** For the message of what it is refused for. */
  readonly detail: ErrorDetail;
}

export interface LicenseClientOptions {
  /** The daemon's agent.sock. */
  readonly socket?: string;
  readonly timeoutMs?: number;
}

/** Asks the daemon, for applications: `new LicenseClient().check('video')`. */
export class LicenseClient {
  readonly #socket: string;
  readonly #timeoutMs: number;

  constructor({ socket = '/run/license-agent/agent.sock', timeoutMs = 5_000 }: LicenseClientOptions = {}) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws `daemon_down` */
  async check(media?: Media): Promise<CheckAnswer> {
    const query = media === undefined ? '' : `?media=${encodeURIComponent(media)}`;
    return (await this.#get(`/v1/check${query}`)) as CheckAnswer;
  }

  /** @throws `daemon_down` */
  async status(): Promise<AgentStatus> {
    return (await this.#get('/v1/status')) as AgentStatus;
  }

  #get(path: string): Promise<unknown> {
    return askDaemon(this.#socket, { method: 'GET', path, timeoutMs: this.#timeoutMs });
  }
}

export interface DaemonRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly timeoutMs: number;
}

const MAX_RESPONSE_BYTES = 1024 * 1024;

/**
 * One call to the daemon. It speaks the little HTTP that is needed over a plain socket: loading `node:http`
 * would cost a command more than all the rest of it.
 *
 * @throws `daemon_down` where nobody answers, `socket_forbidden` where this user may not ask, else the code that the daemon answered with
 */
export async function askDaemon(socket: string, request: DaemonRequest): Promise<unknown> {
  const response = await exchange(socket, request);
  const [head = '', body = ''] = splitOnce(response, '\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  const value = parseBody(body);
  if (status === 200 && value !== undefined) return value;
  throw failureOf(value) ?? new LicenseError('daemon_down', { socket });
}

function exchange(socket: string, { method, path, body = '', timeoutMs }: DaemonRequest): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const down = (cause?: unknown) =>
    reject(new LicenseError(isForbidden(cause) ? 'socket_forbidden' : 'daemon_down', { socket }, { cause }));
  const connection = connect(socket);
  const chunks: Buffer[] = [];
  let size = 0;
  connection.setTimeout(timeoutMs, () => connection.destroy(new Error('timeout')));
  connection.on('error', down);
  connection.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) connection.destroy(new Error('response too large'));
    else chunks.push(chunk);
  });
  connection.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  connection.on('close', () => down());
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: license-agent',
    'Connection: close',
    ...(body === '' ? [] : ['Content-Type: application/json']),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  connection.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  return promise;
}

function isForbidden(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'EACCES' || cause.code === 'EPERM');
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function parseBody(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function failureOf(value: object | undefined): LicenseError | undefined {
  const { error, detail } = (value ?? {}) as { error?: unknown; detail?: unknown };
  if (typeof error !== 'string' || !Object.hasOwn(errorTable, error)) return undefined;
  return new LicenseError(error as ErrorCode, (detail ?? {}) as ErrorDetail);
}
