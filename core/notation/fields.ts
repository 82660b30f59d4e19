import type * as Type from 'typebox';
import { type Bilingual, LicenseError } from '../errors.ts';
import { shapeProblem } from '../shapes.ts';

/** How the value of one field is read, and what it takes, in words. */
export interface Field<T> {
  readonly takes: Bilingual;
  /** The value, or undefined where the text is none. */
  read(text: string): T | undefined;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
export type Values<F extends Fields> = { -readonly [K in keyof F]?: F[K] extends Field<infer T> ? T : never };

/** A field of text with a shape. */
export function textField<S extends Type.TSchema>(schema: S, takes: Bilingual): Field<Type.Static<S>> {
  return { takes, read: (text) => shaped(schema, text) };
}

/** A field of a whole number with a shape. */
export function numberField<S extends Type.TSchema>(schema: S, takes: Bilingual): Field<Type.Static<S>> {
  return {
    takes,
    read: (text) => (/^[0-9]{1,15}$/.test(text) ? shaped(schema, Number(text)) : undefined),
  };
}

/**
 * Reads `key=value,key=value`. A comma belongs to the value unless a `key=` follows, so that labels may have
 * commas.
 *
 * @param option whose value it is, for messages
 * @throws `parameter_invalid` naming the field
 */
export function parseFields<F extends Fields>(fields: F, text: string, option: string): Values<F> {
  const values: Record<string, unknown> = {};
  for (const part of text.split(/,(?=\s*[A-Za-z]+=)/)) {
    const [, key = part.trim(), value = ''] = /^\s*([A-Za-z]+)=(.*)$/s.exec(part) ?? [];
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined) {
      const known = Object.keys(fields);
      invalid(option, {
        en: `unknown field "${key}"; known fields: ${known.join(', ')}`,
        zh: `未知字段“${key}”；可用字段：${known.join('、')}`,
      });
    }
    if (Object.hasOwn(values, key))
      invalid(option, { en: `field ${key} stands twice`, zh: `字段 ${key} 重复` });
    values[key] = parseOption(value.trim(), `${option} ${key}`, field);
  }
  return values as Values<F>;
}

/**
 * The value of an option of its own.
 *
 * @throws `parameter_invalid`
 */
export function parseOption<T>(text: string, option: string, { takes, read }: Field<T>): T {
  return (
    read(text) ??
    invalid(option, { en: `"${text}" is not ${takes.en}`, zh: `“${text}”无效，应为：${takes.zh}` })
  );
}

/** As {@link parseOption}, where the option was given. */
export function parseOptional<T>(text: string | undefined, option: string, field: Field<T>): T | undefined {
  return text === undefined ? undefined : parseOption(text, option, field);
}

/**
 * A value that must be there.
 *
 * @throws `parameter_missing`
 */
export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new LicenseError('parameter_missing', { name });
  return value;
}

function shaped<S extends Type.TSchema>(schema: S, value: unknown): Type.Static<S> | undefined {
  return shapeProblem(schema, value) === undefined ? (value as Type.Static<S>) : undefined;
}

function invalid(name: string, problem: Bilingual): never {
  throw new LicenseError('parameter_invalid', { name, problem });
}
