import { type Logger, pino } from 'pino';
import { type ErrorDetail, inLanguage } from '../errors.ts';
import type { LogLevel } from './log-levels.ts';

export { LOG_LEVELS } from './log-levels.ts';
export type { Logger, LogLevel };

/** Fields that may hold a secret, wherever in a record they stand. */
const SECRETS = [
  'secret',
  'customerSecret',
  'authorization',
  'fingerprintKey',
  'hmac',
  'passphrase',
  'heldToken',
  'document',
];

/** JSON lines on stderr (stdout is for answers), without secrets. */
export function createLog(name: string, level: LogLevel): Logger {
  return pino(
    {
      name,
      level,
      serializers: { detail: englishDetail },
      redact: { paths: SECRETS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '***' },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** What a pipe takes in one piece (PIPE_BUF), so that lines of both logs stay whole, in bytes. */
const BLOCK_BYTES = 4096;
/** Lines that wait for a reader who stands still; more are dropped, so that the server does not stand still too. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;
const FLUSH_MS = 1000;

/**
 * Like {@link createLog}, for lines that are many and may be lost in a crash: they leave in blocks, at the latest after
 * a second or at the program's end. Nothing is redacted: callers pass no secrets.
 */
export function createBufferedLog(name: string): Logger {
  return pino(
    { name },
    pino.destination({
      fd: 2,
      sync: false,
      minLength: BLOCK_BYTES - 1,
      maxWrite: BLOCK_BYTES,
      maxLength: MOST_WAITING_BYTES,
      periodicFlush: FLUSH_MS,
    }),
  );
}

/** The log is in one language. */
function englishDetail(detail: ErrorDetail): object {
  return Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, inLanguage(value, 'en')]));
}
