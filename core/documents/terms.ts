import * as Type from 'typebox';
import { Category, derivePid, deriveRenewId, Sku, Validity } from '../catalog.ts';
import { LicenseError } from '../errors.ts';
import type { VerificationKey } from '../keys.ts';
import { AppId, Cid, Count, DurationSeconds, Epoch, Id, Name } from '../shapes.ts';
import { defineDocument } from './signed-document.ts';

const Line = {
  termsId: Id,
  cid: Cid,
  pid: Id,
  validity: Validity,
  count: Count,
  /** Where given, the line serves this App alone. */
  appId: Type.Optional(AppId),
  iat: Epoch,
};

/** N licenses of a PID, with how long their tokens live and what may be done with them. */
export const PurchaseTerms = Type.Object({
  kind: Type.Literal('purchase'),
  ...Line,
  sku: Sku,
  category: Category,
  label: Type.Optional(Name),
  /** Cap on concurrent users, carried for the server. Source: contract, row "PCU limit". */
  pcu: Type.Optional(Count),
  tokenLifeSeconds: Type.Integer({ minimum: 1, maximum: 100 * 366 * 86_400 }),
  graceSeconds: DurationSeconds,
  expiryGraceSeconds: DurationSeconds,
  transfersPerYear: Type.Integer({ minimum: 0, maximum: 1000 }),
});

/** N renewals of a renewId. */
export const RenewalTerms = Type.Object({ kind: Type.Literal('renewal'), ...Line, renewId: Id });

export const Terms = Type.Union([PurchaseTerms, RenewalTerms]);

export type PurchaseTerms = Type.Static<typeof PurchaseTerms>;
export type RenewalTerms = Type.Static<typeof RenewalTerms>;
export type Terms = Type.Static<typeof Terms>;

/** Defaults of a purchase line, in seconds. Source: protocol, Time, "Token life". */
export const DEFAULT_TOKEN_LIFE_SECONDS = 90 * 86_400;
export const DEFAULT_GRACE_SECONDS = 14 * 86_400;
export const DEFAULT_EXPIRY_GRACE_SECONDS = 0;
export const DEFAULT_TRANSFERS_PER_YEAR = 1;
/** An account license follows the person, so its tokens are short-lived whatever the terms allow. */
const ACCOUNT_TOKEN_LIFE_SECONDS = 7 * 86_400;
const ACCOUNT_GRACE_SECONDS = 86_400;

/** One line of what a vendor sold; signed by the vendor root and read by server and agent alike. */
export const termsDocument = defineDocument({ typ: 'license-terms+jwt', schema: Terms, maxBytes: 4096 });

/**
 * Verifies a terms line and that its PID or renewId is the one that its parts give.
 *
 * @throws as {@link termsDocument}.verify; `terms_inconsistent`
 */
export async function verifyTerms(compact: unknown, roots: readonly VerificationKey[]): Promise<Terms> {
  const terms = await termsDocument.verify(compact, roots);
  const derived =
    terms.kind === 'purchase'
      ? derivePid(terms.sku, terms.validity, terms.category) === terms.pid
      : deriveRenewId(terms.pid, terms.validity) === terms.renewId;
  if (!derived) throw new LicenseError('terms_inconsistent', { termsId: terms.termsId });
  return terms;
}

/** Token life and grace that a line allows, in seconds, the bounds of account licenses applied. */
export function tokenLimits({
  category,
  tokenLifeSeconds,
  graceSeconds,
  expiryGraceSeconds,
}: Pick<PurchaseTerms, 'category' | 'tokenLifeSeconds' | 'graceSeconds' | 'expiryGraceSeconds'>) {
  if (category === 'device') return { tokenLifeSeconds, graceSeconds, expiryGraceSeconds };
  return {
    tokenLifeSeconds: Math.min(tokenLifeSeconds, ACCOUNT_TOKEN_LIFE_SECONDS),
    graceSeconds: Math.min(graceSeconds, ACCOUNT_GRACE_SECONDS),
    expiryGraceSeconds,
  };
}
