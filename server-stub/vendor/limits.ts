import type { Category } from '#core/catalog.ts';
import {
  DEFAULT_EXPIRY_GRACE_SECONDS,
  DEFAULT_GRACE_SECONDS,
  DEFAULT_TOKEN_LIFE_SECONDS,
  DEFAULT_TRANSFERS_PER_YEAR,
  PurchaseTerms,
  tokenLimits,
} from '#core/documents/terms.ts';
import { type Field, numberField } from '#core/notation/fields.ts';
import { parseDuration } from './duration.ts';

/** What a purchase line says of tokens and transfers. */
export type Limits = Pick<
  PurchaseTerms,
  'tokenLifeSeconds' | 'graceSeconds' | 'expiryGraceSeconds' | 'transfersPerYear'
>;

const DURATION: Field<number> = {
  takes: { en: 'a duration such as 90d, 12h or 3600 (seconds)', zh: '时长，例如 90d、12h 或 3600（秒）' },
  read: parseDuration,
};

/** The limits as people write them, in options and in lines. */
export const LIMIT_FIELDS = {
  // A token of no life would be none.
  tokenLife: {
    takes: { en: `${DURATION.takes.en}, above 0`, zh: `大于 0 的${DURATION.takes.zh}` },
    read: (text: string) => parseDuration(text) || undefined,
  },
  grace: DURATION,
  expiryGrace: DURATION,
  transfersPerYear: numberField(PurchaseTerms.properties.transfersPerYear, {
    en: 'a number from 0 to 1000',
    zh: '0 到 1000 的整数',
  }),
};

/** The limits that were written, of those that may be. */
export function limitsFrom(
  written: { [K in keyof typeof LIMIT_FIELDS]?: number | undefined },
): Partial<Limits> {
  const { tokenLife, grace, expiryGrace, transfersPerYear } = written;
  return {
    ...(tokenLife !== undefined && { tokenLifeSeconds: tokenLife }),
    ...(grace !== undefined && { graceSeconds: grace }),
    ...(expiryGrace !== undefined && { expiryGraceSeconds: expiryGrace }),
    ...(transfersPerYear !== undefined && { transfersPerYear }),
  };
}

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
