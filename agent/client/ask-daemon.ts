import { connect } from 'node:net';
import { errorTable } from '#core/error-table.ts';
import { type ErrorCode, type ErrorDetail, LicenseError } from '#core/errors.ts';

export interface DaemonRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly timeoutMs: number;
}

const MOST_TRIES = 100;
const PAUSE_MS = 20;
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;

/**
 * One call to the daemon. It speaks the little HTTP that is needed over a plain socket: loading `node:http`
 * would cost a command more than all the rest of it.
 *
 * @throws `daemon_down` where nobody answers, `socket_forbidden` where this user may not ask, else the code that the daemon answered with
 */
export async function askDaemon(socket: string, request: DaemonRequest): Promise<unknown> {
  const response = await exchangePatiently(socket, request);
  const [head = '', body = ''] = splitOnce(response, '\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  const value = parseBody(body);
  if (status === 200 && value !== undefined) return value;
  throw failureOf(value) ?? new LicenseError('daemon_down', { socket });
}

/** A daemon that is flooded lets nobody in for a moment (EAGAIN, unix(7)); nothing was sent then. */
async function exchangePatiently(socket: string, request: DaemonRequest): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await exchange(socket, request);
    } catch (thrown) {
      if (tries >= MOST_TRIES || !isBusy(thrown)) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function isBusy(thrown: unknown): boolean {
  const cause = thrown instanceof LicenseError ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN';
}

function exchange(socket: string, { method, path, body = '', timeoutMs }: DaemonRequest): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const down = (cause?: unknown) => reject(connectionError(socket, cause));
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

/** `daemon_down`, or `socket_forbidden` where it is this user who may not ask. */
export function connectionError(socket: string, cause: unknown): LicenseError {
  return new LicenseError(isForbidden(cause) ? 'socket_forbidden' : 'daemon_down', { socket }, { cause });
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
