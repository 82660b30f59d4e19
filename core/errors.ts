import { type ErrorCode, errorTable } from './error-table.ts';

export type Language = 'en' | 'zh';

/** Words for people, in every language that they read. */
export type Bilingual = Readonly<Record<Language, string>>;

export type DetailValue = string | number | boolean | Bilingual;

/**
 * What happened, as values for the `{placeholders}` of the error table; never a secret. Names, paths and numbers stand
 * as they are. What has words of a language in it is bilingual, else a message in the other language would be mixed.
 */
export interface ErrorDetail {
  readonly [name: string]: DetailValue;
  /** What is wrong, to stand within the message: `{ en: 'is not JSON', zh: '不是 JSON' }`. */
  readonly problem?: Bilingual;
  readonly hint?: Bilingual;
  readonly what?: Bilingual;
}

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
    super(fill(errorTable[code].en, detail, 'en'), cause === undefined ? undefined : { cause });
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
  return fill(errorTable[code][language], detail, language);
}

/** What to do about it, in the reader's language. */
export function remedyOf(
  { code, detail }: Pick<LicenseError, 'code' | 'detail'>,
  language: Language,
): string {
  const { enRemedy, zhRemedy } = errorTable[code];
  return fill(language === 'zh' ? zhRemedy : enRemedy, detail, language);
}

/** Whether it is the store that fails, whatever was asked of it. */
export function isStoreFault(
  error: unknown,
): error is LicenseError & { readonly code: Extract<ErrorCode, `store_${string}`> } {
  return error instanceof LicenseError && error.code.startsWith('store_');
}

/** Any thrown value as a LicenseError: unknown faults become `internal` and keep their cause for the log. */
export function asLicenseError(thrown: unknown): LicenseError {
  if (thrown instanceof LicenseError) return thrown;
  return new LicenseError('internal', {}, { cause: thrown });
}

/**
 * One value as its reader sees it: of bilingual words those of their language, anything else as it is. Where a detail
 * is printed, as JSON of a command or in the log, it becomes a plain text by this.
 */
export function inLanguage<T>(value: T, language: Language): Exclude<T, Bilingual> | string {
  return isBilingual(value) ? value[language] : (value as Exclude<T, Bilingual>);
}

/** By its members: a detail also comes as JSON, from the daemon. */
function isBilingual(value: unknown): value is Bilingual {
  return (
    typeof value === 'object' &&
    value !== null &&
    'en' in value &&
    'zh' in value &&
    typeof value.en === 'string' &&
    typeof value.zh === 'string'
  );
}

/** A `{placeholder}` without a value disappears rather than showing braces to a person. */
function fill(template: string, detail: ErrorDetail, language: Language): string {
  const textOf = (_: string, before: string, name: string, after: string) => {
    const value = detail[name] ?? '';
    const text = String(inLanguage(value, language));
    // The space is for names and numbers; within Chinese there is none.
    return isBilingual(value) && language === 'zh'
      ? `${/^\p{Script=Han}/u.test(text) ? '' : before}${text}${/\p{Script=Han}$/u.test(text) ? '' : after}`
      : before + text + after;
  };
  return template.replace(/( ?)\{(\w+)\}( ?)/g, textOf).trimEnd();
}

export type { ErrorCode };
