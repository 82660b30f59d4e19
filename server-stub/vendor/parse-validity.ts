import { Validity } from '#core/catalog.ts';
import { shapeProblem } from '#core/shapes.ts';

/** What {@link parseValidity} takes, for messages. */
export const VALIDITY_NOTATION = 'trial months from 3m, or commercial years from 1y';

/** The validity of `3m` (trial, months) or `1y` (commercial, years); undefined where the text is none. */
export function parseValidity(text: string): Validity | undefined {
  const [, digits, unit] = /^([0-9]{1,4})([my])$/.exec(text) ?? [];
  const validity = { unit: unit === 'm' ? 'month' : 'year', count: Number(digits) };
  return shapeProblem(Validity, validity) === undefined ? (validity as Validity) : undefined;
}
