import type { FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { parseJson } from '#core/shapes.ts';

const BODY: Bilingual = { en: 'body', zh: '请求体' };
const NOT_UTF8: Bilingual = { en: 'is not UTF-8', zh: '不是 UTF-8 编码' };
const NO_TEXT: Bilingual = { en: 'holds U+0000 or half a character', zh: '含有 U+0000 或不完整的字符' };

/** What JSON can spell and no text of ours may hold: PostgreSQL keeps neither. */
const SUSPICIOUS = /\\u(?:0000|[dD][89a-fA-F])/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Makes JSON of the body's bytes, for the validator: a `preValidation` hook. A client that names no content type is
 * taken at its word.
 *
 * @throws `unsupported_media_type`, `body_malformed`
 */
export async function parseJsonBody(request: FastifyRequest): Promise<void> {
  const contentType = request.headers['content-type'];
  if (contentType !== undefined && !/^application\/json\b/i.test(contentType))
    throw new LicenseError('unsupported_media_type', { contentType });
  const text = Buffer.isBuffer(request.body) ? textOf(request.body) : '';
  const body = parseJson(Type.Object({}), text, 'body_malformed', BODY);
  if (SUSPICIOUS.test(text) && !isText(body)) malformed(NO_TEXT);
  request.body = body;
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

function malformed(problem: Bilingual): never {
  throw new LicenseError('body_malformed', { where: BODY, problem });
}
