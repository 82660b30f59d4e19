import type { ApplicationItem } from '../documents/application.ts';
import { Count, Id } from '../shapes.ts';
import { numberField, parseFields, required, textField, type Values } from './fields.ts';
import { VALIDITY } from './validity.ts';

export type RenewalItem = Extract<ApplicationItem, { kind: 'renewal' }>;

/** What may be said of the renewals that someone wants or sells. */
export const RENEWAL_FIELDS = {
  pid: textField(Id, { en: 'a PID of 32 upper-case hex characters', zh: '32 位大写十六进制的 PID' }),
  validity: VALIDITY,
  count: numberField(Count, { en: 'a number of renewals', zh: '续期数量' }),
};

/**
 * A renewal from `pid=PID,validity=1y,count=20`.
 *
 * @throws `parameter_invalid`, `parameter_missing`
 */
export function parseRenewal(text: string, option: string): RenewalItem {
  return renewalOf(parseFields(RENEWAL_FIELDS, text, option), option);
}

/**
 * The renewal that parsed fields say.
 *
 * @throws `parameter_missing`
 */
export function renewalOf(
  { pid, validity, count }: Values<typeof RENEWAL_FIELDS>,
  option: string,
): RenewalItem {
  return {
    kind: 'renewal',
    pid: required(pid, `${option} pid`),
    validity: required(validity, `${option} validity`),
    count: required(count, `${option} count`),
  };
}
