import type { Category } from '#core/catalog.ts';
import {
  DEFAULT_EXPIRY_GRACE_SECONDS,
  DEFAULT_GRACE_SECONDS,
  DEFAULT_TOKEN_LIFE_SECONDS,
  DEFAULT_TRANSFERS_PER_YEAR,
  type PurchaseTerms,
  tokenLimits,
} from '#core/documents/terms.ts';

/** What a purchase line says of tokens and transfers. */
export type Limits = Pick<
  PurchaseTerms,
  'tokenLifeSeconds' | 'graceSeconds' | 'expiryGraceSeconds' | 'transfersPerYear'
>;

/**
 * The limits of a line: what was chosen for it, over the defaults. Account licenses are bounded whatever was
 * chosen, and their terms say so instead of promising more. Source: protocol, Time, "Token life".
 */
export function limitsOf(category: Category, chosen: Partial<Limits>): Limits {
  const limits = {
    tokenLifeSeconds: DEFAULT_TOKEN_LIFE_SECONDS,
    graceSeconds: DEFAULT_GRACE_SECONDS,
    expiryGraceSeconds: DEFAULT_EXPIRY_GRACE_SECONDS,
    transfersPerYear: DEFAULT_TRANSFERS_PER_YEAR,
    ...chosen,
  };
  return { ...limits, ...tokenLimits({ category, ...limits }) };
}
