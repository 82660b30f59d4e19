import type { FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { parseJson } from '#core/shapes.ts';

const BODY: Bilingual = { en: 'body', zh: '请求体' };
const EMPTY: Bilingual = { en: 'is empty', zh: '请求体为空' };
const NOT_UTF8: Bilingual = { en: 'is not UTF-8', zh: '不是 UTF-8 编码' };
const NO_TEXT: Bilingual = { en: 'holds U+0000 or half a character', zh: '含有 U+0000 或不完整的字符' };

/** Objects and lists within each other; no call needs more than four. */
const MOST_LEVELS = 32;
const DEEP: Bilingual = {
  en: `is nested deeper than ${MOST_LEVELS} levels`,
  zh: `嵌套超过 ${MOST_LEVELS} 层`,
};

/** What JSON can spell and no text of ours may hold: PostgreSQL keeps neither. */
const SUSPICIOUS = /\\u(?:0000|[dD][89a-fA-F])/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Makes JSON of the body's bytes, for the validator: a `preValidation` hook. A client that names no content type is
 * taken at its word.
 *
 * @throws `unsupported_media_type`, `content_encoding_unsupported`, `body_malformed`
 */
export async function parseJsonBody(request: FastifyRequest): Promise<void> {
  const contentType = request.headers['content-type'];
  if (contentType !== undefined && !/^application\/json\b/i.test(contentType))
    throw new LicenseError('unsupported_media_type', { contentType });
  requirePlain(request);
  const text = Buffer.isBuffer(request.body) ? textOf(request.body) : '';
  if (text.trim() === '') malformed(EMPTY);
  const body = parseJson(Type.Object({}), text, 'body_malformed', BODY);
  // What looks at a value calls itself for each level, and a stranger could have it run out of stack.
  if (isDeeperThan(MOST_LEVELS, body)) malformed(DEEP);
  if (SUSPICIOUS.test(text) && !isText(body)) malformed(NO_TEXT);
  request.body = body;
}

/**
 * Bodies are taken as they are: what a few compressed bytes become has no bound.
 *
 * @throws `content_encoding_unsupported`
 */
export function requirePlain({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && !/^(identity)?$/i.test(encoding.trim()))
    throw new LicenseError('content_encoding_unsupported', { encoding: encoding.slice(0, 64) });
}

/** A replaced byte would make another LicenseKey, which costs a seat. */
function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    malformed(NOT_UTF8);
  }
}

/** Whether all texts of a value are whole characters, none of them U+0000. */
function isText(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => isText(name) && isText(member));
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member));
}

function malformed(problem: Bilingual): never {
  throw new LicenseError('body_malformed', { where: BODY, problem });
}
