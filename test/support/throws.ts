import { expect } from 'vitest';
import { type ErrorCode, LicenseError } from '#core/errors.ts';
import { requireChinese } from './chinese.ts';

/** Expects work to fail with a LicenseError of this code, readable in Chinese too; gives the error. */
export async function throwsWithCode(
  work: Promise<unknown> | (() => unknown),
  code: ErrorCode,
): Promise<LicenseError> {
  const thrown = await (async () => (typeof work === 'function' ? work() : work))().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(LicenseError);
  expect((thrown as LicenseError).code).toBe(code);
  requireChinese(thrown as LicenseError);
  return thrown as LicenseError;
}
