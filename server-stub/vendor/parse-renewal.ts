import { APP_ID } from '#core/notation/common-fields.ts';
import { parseFields } from '#core/notation/fields.ts';
import { RENEWAL_FIELDS, renewalOf } from '#core/notation/renewal.ts';
import type { OrderedRenewal } from './grant-order.ts';

const FIELDS = { ...RENEWAL_FIELDS, app: APP_ID };

/**
 * A renewal line from `pid=PID,validity=1y,count=20[,app=APPID]`.
 *
 * @throws `parameter_invalid`, `parameter_missing`
 */
export function parseRenewal(text: string): OrderedRenewal {
  const option = '--renewal';
  const fields = parseFields(FIELDS, text, option);
  return { ...renewalOf(fields, option), ...(fields.app !== undefined && { appId: fields.app }) };
}
