import { Answer, type AnswerSubject, verifyAnswer } from '#core/documents/answer.ts';
import type { LicenseDenial } from '#core/documents/license-denial.ts';
import { type LicenseToken, licenseTokenDocument } from '#core/documents/license-token.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import type { VerificationKey } from '#core/keys.ts';
import { parseJson } from '#core/shapes.ts';
import type { LicenseRow } from './store/schema.ts';

/** What the store holds of one license, verified; or why it could not be. */
export interface HeldLicense {
  readonly token?: LicenseToken;
  /** The compact token, to be shown to the server. */
  readonly document?: string;
  /** The answer that brought it, as it stands in the store. */
  readonly answer?: string;
  /** A denial that ended or suspended it. */
  readonly denial?: LicenseDenial;
  /** What a person gave up here; the server has not answered yet. */
  readonly departed?: 'released' | 'transferred';
  readonly fault?: LicenseError;
}

const STORED_ANSWER: Bilingual = { en: 'stored answer', zh: '已保存的应答' };
const STORED_DENIAL: Bilingual = { en: 'stored denial', zh: '已保存的拒绝' };

/**
 * Verifies what the store holds, on the same path as what comes from the network: the disk is not trusted.
 * Source: protocol, Trust; design, Agent.
 */
export async function verifyHeld(
  row: LicenseRow,
  subject: AnswerSubject,
  roots: readonly VerificationKey[],
): Promise<HeldLicense> {
  try {
    if (row.departed !== null) return { departed: row.departed };
    const held: HeldLicense = row.answer === null ? {} : await verifyToken(row.answer, subject, roots);
    if (row.denial === null) return held;
    const denial = await verifyDenial(row.denial, subject, roots);
    if (held.token !== undefined && denial.license !== held.token.license) {
      throw new LicenseError('answer_for_another_license');
    }
    return { ...held, denial };
  } catch (thrown) {
    if (!(thrown instanceof LicenseError)) throw thrown;
    return { fault: thrown };
  }
}

/** Whether a stored answer was made for a device key other than ours; by its own word, which is enough to refuse. */
export function isOfAnotherDevice(text: string, jkt: string): boolean {
  try {
    const { document } = parseJson(Answer, text, 'document_malformed', STORED_ANSWER);
    return licenseTokenDocument.parse(document).claims.cnf.jkt !== jkt;
  } catch {
    return false;
  }
}

async function verifyToken(text: string, subject: AnswerSubject, roots: readonly VerificationKey[]) {
  const answer = parseJson(Answer, text, 'document_malformed', STORED_ANSWER);
  const verified = await verifyAnswer(answer, subject, roots);
  if (verified.kind !== 'token') throw misplaced({ en: 'license token', zh: '许可证令牌' });
  return { token: verified.token, document: answer.document, answer: text };
}

async function verifyDenial(text: string, subject: AnswerSubject, roots: readonly VerificationKey[]) {
  const answer = parseJson(Answer, text, 'document_malformed', STORED_DENIAL);
  const verified = await verifyAnswer(answer, subject, roots);
  if (verified.kind !== 'denial') throw misplaced({ en: 'license denial', zh: '拒绝通知' });
  return verified.denial;
}

function misplaced(where: Bilingual): LicenseError {
  return new LicenseError('document_malformed', {
    where,
    problem: { en: 'stands in the place of another document', zh: '位于另一文件的位置' },
  });
}
