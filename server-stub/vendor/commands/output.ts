import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LicenseError } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { reasonOf } from '#core/host/reason.ts';
import { requireNewFile, writeNewFile } from '#core/host/write-new-file.ts';

/** `--out` for stdout. */
const STDOUT = '-';

/** Where a signed document goes. */
export interface Output {
  /** The text for people with the file's path, or without where there is none. */
  deliver(document: string, result: object, text: (file: string | undefined) => string): void;
}

/**
 * Makes sure, before anything is signed, that the result can be put where it is wanted. A file there is
 * never replaced: no two documents signed are the same, and an earlier one may be all that is left of a sale.
 *
 * The file's bytes are the document and nothing else, so that its SHA-256 is the one in the ledger. On stdout it
 * stands alone, and what is told about it goes to stderr; with `--json` it is a member of the answer.
 *
 * @throws `file_exists`, `file_unwritable`
 */
export function openOutput(out: string, terminal: Terminal): Output {
  if (out === STDOUT) {
    return {
      deliver(document, result, text) {
        if (!terminal.json) terminal.err(text(undefined));
        answer(terminal, { ...result, document }, document);
      },
    };
  }

  const file = resolve(out);
  requireNewFile(file);
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (cause) {
    const { en, zh } = reasonOf(cause);
    const problem = { en: `folder ${dirname(file)}: ${en}`, zh: `目录 ${dirname(file)}：${zh}` };
    throw new LicenseError('file_unwritable', { file, problem }, { cause });
  }
  return {
    deliver(document, result, text) {
      writeNewFile(file, document, 0o644);
      answer(terminal, { ...result, file }, text(file));
    },
  };
}
