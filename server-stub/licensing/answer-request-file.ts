import type { AnswerFile } from '#core/documents/answer-file.ts';
import { parseRequestFile } from '#core/documents/request-file.ts';
import { errorTable } from '#core/error-table.ts';
import { type Bilingual, type Language, LicenseError, messageOf } from '#core/errors.ts';
import type { AnswerDesk, RequestAnswered } from './answer-desk.ts';

/** What a device imports, and what is told of it to whoever brought the requests. */
export interface FileAnswer {
  readonly file: AnswerFile;
  readonly requests: readonly RequestAnswered[];
}

/**
 * Answers the requests of a file, an answer for each.
 *
 * @param where name of the file, for the message
 * @param from who brought it, for the audit trail
 * @param apps of which requests are answered; of all, where nothing is said
 * @throws `document_malformed`; faults of the store
 */
export async function answerRequestFile(
  desk: AnswerDesk,
  text: string,
  {
    where,
    from,
    language,
    apps,
  }: { where: string | Bilingual; from: string; language: Language; apps?: ReadonlySet<string> | undefined },
): Promise<FileAnswer> {
  const requests = await desk.answer(parseRequestFile(text, where), from, apps);
  const answers = requests.map(({ answer }) =>
    answer instanceof LicenseError ? problemOf(answer, language) : answer,
  );
  return { file: { version: 1, answers }, requests };
}

/** As the device protocol tells of it by HTTP. */
function problemOf(error: LicenseError, language: Language) {
  return { code: errorTable[error.code].http, error: error.code, message: messageOf(error, language) };
}

/** Whether a request was given what it asked for. */
export function isGiven({ outcome, purpose }: RequestAnswered): boolean {
  const wished: Readonly<Record<string, string>> = { release: 'released', transfer: 'transferred' };
  return outcome === 'token' || outcome === 'lease' || outcome === wished[purpose ?? ''];
}

/** What was said to a request that was given no token and no lease, in words. */
export function refusalText(
  { outcome, answer, licenseKey, pid }: RequestAnswered,
  language: Language,
): string {
  if (answer instanceof LicenseError) return messageOf(answer, language);
  if (outcome === 'token' || outcome === 'lease') return '';
  return messageOf({ code: outcome, detail: { pid: pid ?? '', licenseKey: licenseKey ?? '' } }, language);
}
