import * as Type from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { type Bilingual, type ErrorCode, LicenseError } from './errors.ts';
import { isLicenseKey } from './ids.ts';
import { describeFaults } from './shape-fault.ts';
import { isKnownZone } from './zone.ts';

/** The field shapes that several documents, configurations and calls share. */
export const Id = Type.String({ pattern: '^[0-9A-F]{32}$' });
export const AppId = Type.String({ pattern: '^[0-9a-f]{32}$' });
/** A company's number at the vendor. */
export const Cid = Type.String({ pattern: '^[0-9A-Za-z_-]{1,32}$' });
export const Vid = Type.String({ pattern: '^[0-9]{1,18}$' });
/** A name that people read: one line, and nothing that steers a terminal (C0 and C1 controls). */
export const Name = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$',
});
export const LicenseKey = Type.Refine(Type.String({ minLength: 1, maxLength: 128 }), isLicenseKey);
/** Up to the year 9999. */
export const Epoch = Type.Integer({ minimum: 0, maximum: 253_402_300_799 });
/** At most 100 years of 366 days. */
export const DurationSeconds = Type.Integer({ minimum: 0, maximum: 100 * 366 * 86_400 });
export const MAX_COUNT = 100_000_000;
export const Count = Type.Integer({ minimum: 1, maximum: MAX_COUNT });
/** A SHA-256 in base64url: JWK thumbprints, digests. */
export const Sha256 = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
/** A digest cut to 128 bits, base64url. */
export const Digest128 = Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' });
/** A compact JWS carried inside another document or answer; verified on its own. */
export const Compact = Type.String({ minLength: 5, maxLength: 8192 });
export const Zone = Type.Refine(Type.String({ minLength: 1, maxLength: 64 }), isKnownZone);

/** What is wrong with a text that should be JSON. */
export const NOT_JSON: Bilingual = { en: 'is not JSON', zh: '不是 JSON' };

const validators = new WeakMap<object, Validator>();

/** The first thing wrong with a value, in words, or undefined where it has the shape. */
export function shapeProblem(schema: Type.TSchema, value: unknown): Bilingual | undefined {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = Compile(schema);
    validators.set(schema, validator);
  }
  if (validator.Check(value)) return undefined;
  const faults = validator.Errors(value);
  const problem = describeFaults(faults);
  const place = faults[0]?.instancePath ?? '';
  // The whole value is named by the caller.
  return place === '' ? problem : { en: `${place}: ${problem.en}`, zh: `${place} ${problem.zh}` };
}

/**
 * The value, typed, once it has the shape.
 *
 * @param code thrown where it has not, with `where` (the caller's name for the input) and `problem`
 */
export function parseShape<S extends Type.TSchema>(
  schema: S,
  value: unknown,
  code: ErrorCode,
  where: string | Bilingual,
): Type.Static<S> {
  const problem = shapeProblem(schema, value);
  if (problem !== undefined) throw new LicenseError(code, { where, problem });
  return value as Type.Static<S>;
}

/**
 * JSON text of unknown origin, parsed and shaped.
 *
 * @throws `code` as {@link parseShape} does
 */
export function parseJson<S extends Type.TSchema>(
  schema: S,
  text: string,
  code: ErrorCode,
  where: string | Bilingual,
): Type.Static<S> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new LicenseError(code, { where, problem: NOT_JSON }, { cause });
  }
  return parseShape(schema, value, code, where);
}
