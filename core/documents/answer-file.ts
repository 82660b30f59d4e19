import * as Type from 'typebox';
import type { Bilingual } from '../errors.ts';
import { parseJson } from '../shapes.ts';
import { MOST_REQUESTS } from './request-file.ts';

/** A thousand answers fit, some with many renewals. */
export const MAX_ANSWER_FILE_BYTES = 16 * 1024 * 1024;

/** What a server answered to a request file: for each request in order an answer, or the problem with it. */
export const AnswerFile = Type.Object({
  version: Type.Literal(1),
  /** Whoever takes one in looks at its shape and verifies it by itself. */
  answers: Type.Array(Type.Unknown(), { minItems: 1, maxItems: MOST_REQUESTS }),
});
export type AnswerFile = Type.Static<typeof AnswerFile>;

/** @throws `document_malformed` */
export function parseAnswerFile(text: string, where: string | Bilingual): AnswerFile {
  return parseJson(AnswerFile, text.replace(/^\ufeff/, ''), 'document_malformed', where);
}
