import { AppId, Count, Id } from '#core/shapes.ts';
import { numberField, parseFields, required, textField } from './fields.ts';
import type { OrderedRenewal } from './grant-order.ts';
import { parseValidity, VALIDITY_NOTATION } from './parse-validity.ts';

const FIELDS = {
  pid: textField(Id, 'a PID of 32 upper-case hex characters'),
  validity: { takes: VALIDITY_NOTATION, read: parseValidity },
  count: numberField(Count, 'a number of renewals'),
  app: textField(AppId, 'an App ID of 32 lower-case hex characters'),
};

/**
 * A renewal line from `pid=PID,validity=1y,count=20[,app=APPID]`.
 *
 * @throws `parameter_invalid`, `parameter_missing`
 */
export function parseRenewal(text: string): OrderedRenewal {
  const option = '--renewal';
  const { pid, validity, count, app } = parseFields(FIELDS, text, option);
  return {
    kind: 'renewal',
    pid: required(pid, `${option} pid`),
    validity: required(validity, `${option} validity`),
    count: required(count, `${option} count`),
    ...(app !== undefined && { appId: app }),
  };
}
