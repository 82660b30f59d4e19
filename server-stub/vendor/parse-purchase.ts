import { APP_ID } from '#core/notation/common-fields.ts';
import { numberField, parseFields } from '#core/notation/fields.ts';
import { PURCHASE_FIELDS, purchaseOf } from '#core/notation/purchase.ts';
import { Count } from '#core/shapes.ts';
import type { OrderedPurchase } from './grant-order.ts';
import { LIMIT_FIELDS, type Limits, limitsFrom, limitsOf } from './limits.ts';

const FIELDS = {
  ...PURCHASE_FIELDS,
  app: APP_ID,
  pcu: numberField(Count, { en: 'a number of concurrent users', zh: '并发用户数' }),
  ...LIMIT_FIELDS,
};

/**
 * A purchase line: the notation of an application's purchase, and beside it what the vendor decides
 * `[,app=APPID][,pcu=N][,tokenLife=90d][,grace=14d][,expiryGrace=0][,transfersPerYear=1]`.
 *
 * @param chosen limits of all lines, which those of the line override
 * @throws `parameter_invalid`, `parameter_missing`
 */
export function parsePurchase(text: string, chosen: Partial<Limits>): OrderedPurchase {
  const option = '--purchase';
  const fields = parseFields(FIELDS, text, option);
  const purchase = purchaseOf(fields, option);
  return {
    ...purchase,
    ...(fields.app !== undefined && { appId: fields.app }),
    ...(fields.pcu !== undefined && { pcu: fields.pcu }),
    ...limitsOf(purchase.category, { ...chosen, ...limitsFrom(fields) }),
  };
}
