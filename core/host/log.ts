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

/** The log is in one language. */
function englishDetail(detail: ErrorDetail): object {
  return Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, inLanguage(value, 'en')]));
}
