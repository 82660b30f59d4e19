import { Validity } from '../catalog.ts';
import { shapeProblem } from '../shapes.ts';
import type { Field } from './fields.ts';

/** A validity as people write it: `3m` (trial, months) or `1y` (commercial, years). */
export const VALIDITY: Field<Validity> = {
  takes: { en: 'trial months from 3m, or commercial years from 1y', zh: '测试 3m 起，正式 1y 起' },
  read(text) {
    const [, digits, unit] = /^([0-9]{1,4})([my])$/.exec(text) ?? [];
    const validity = { unit: unit === 'm' ? 'month' : 'year', count: Number(digits) };
    return shapeProblem(Validity, validity) === undefined ? (validity as Validity) : undefined;
  },
};
