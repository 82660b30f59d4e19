import { type ErrorCode, errorTable } from './error-table.ts';

/** What happened, as values for the `{placeholders}` of the error table; never a secret. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean>>;

export type Language = 'en' | 'zh';

export interface LicenseErrorOptions {
  cause?: unknown;
}

/** Known across copies of this module: a program and the client library of an application each bring theirs. */
const BRAND = Symbol.for('license-agent.LicenseError');

/**
 * The one error class of the product. `code` is stable and closed, so `switch (error.code)` narrows; the
 * message is the English line of the error table with `detail` filled in.
 */
export class LicenseError extends Error {
  override readonly name = 'LicenseError';
  readonly [BRAND] = true;
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, detail: ErrorDetail = {}, { cause }: LicenseErrorOptions = {}) {
    super(fill(errorTable[code].en, detail), cause === undefined ? undefined : { cause });
    this.code = code;
    this.detail = detail;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

/** What happened, in the reader's language. */
export function messageOf(
  { code, detail }: Pick<LicenseError, 'code' | 'detail'>,
  language: Language,
): string {
  return fill(errorTable[code][language], detail);
}

/** What to do about it, in the reader's language. */
export function remedyOf(
  { code, detail }: Pick<LicenseError, 'code' | 'detail'>,
  language: Language,
): string {
  return fill(language === 'zh' ? errorTable[code].zhRemedy : errorTable[code].enRemedy, detail);
}

/** Any thrown value as a LicenseError: unknown faults become `internal` and keep their cause for the log. */
export function asLicenseError(thrown: unknown): LicenseError {
  if (thrown instanceof LicenseError) return thrown;
  return new LicenseError('internal', {}, { cause: thrown });
}

/** A `{placeholder}` without a value disappears rather than showing braces to a person. */
function fill(template: string, detail: ErrorDetail): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(detail[name] ?? '')).trimEnd();
}

export type { ErrorCode };
