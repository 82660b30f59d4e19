import { alertErrors } from './error-tables/alert-errors.ts';
import { contactErrors } from './error-tables/contact-errors.ts';
import { documentErrors } from './error-tables/document-errors.ts';
import { fileErrors } from './error-tables/file-errors.ts';
import { inputErrors } from './error-tables/input-errors.ts';
import { licensingErrors } from './error-tables/licensing-errors.ts';
import { serverErrors } from './error-tables/server-errors.ts';
import { userErrors } from './error-tables/user-errors.ts';

export type { ErrorEntry, ExitCode } from './error-tables/entry.ts';

/** Every error of the product, once: what programs key on, and what people read. */
export const errorTable = {
  ...documentErrors,
  ...licensingErrors,
  ...inputErrors,
  ...serverErrors,
  ...contactErrors,
  ...fileErrors,
  ...alertErrors,
  ...userErrors,
};

export type ErrorCode = keyof typeof errorTable;
