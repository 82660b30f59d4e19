import * as Type from 'typebox';
import type { Bilingual } from '../errors.ts';
import { parseJson, parseShape } from '../shapes.ts';

/** Requests of one file, and answers to them, at most: as in one call. Source: protocol, "An answer is …". */
export const MOST_REQUESTS = 1000;
/** A thousand refreshes with the token held fit. */
export const MAX_REQUEST_FILE_BYTES = 8 * 1024 * 1024;

/** A request is bounded where it is parsed; here it is one word. */
const Word = Type.String({ minLength: 5, maxLength: 16_384, pattern: '^[\\x21-\\x7e]+$' });
const Words = Type.Array(Word, { minItems: 1, maxItems: MOST_REQUESTS });

/** Requests of devices, carried to the server by stick, mail or QR code. */
export const RequestFile = Type.Object({ version: Type.Literal(1), licenseRequests: Words });
export type RequestFile = Type.Static<typeof RequestFile>;

/**
 * The requests of a file: as `license-agent request` writes it, an array of them as it is sent online, or one by itself,
 * as a QR code carries it. None is verified yet.
 *
 * @throws `document_malformed`
 */
export function parseRequestFile(text: string, where: string | Bilingual): readonly string[] {
  const trimmed = text.replace(/^\ufeff/, '').trim();
  if (/^ey[A-Za-z0-9_.-]+$/.test(trimmed)) return parseShape(Words, [trimmed], 'document_malformed', where);
  return trimmed.startsWith('[')
    ? parseJson(Words, trimmed, 'document_malformed', where)
    : parseJson(RequestFile, trimmed, 'document_malformed', where).licenseRequests;
}
