import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { typeOf } from '#core/documents/signed-document.ts';
import { LicenseError } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { readTextFile, reasonOf, writeFileDurably } from '#core/host/files.ts';

/** `--out` for stdout. */
const STDOUT = '-';

/** Where a signed document goes. */
export interface Output {
  /** The text for people with the file's path, or without where there is none. */
  deliver(document: string, result: object, text: (file: string | undefined) => string): void;
}

/**
 * Makes sure, before anything is signed, that the result can be put where it is wanted. A file there is replaced
 * only where it is a signed document itself, never a key by a slip of the hand.
 *
 * The file's bytes are the document and nothing else, so that its SHA-256 is the one in the ledger. On stdout it
 * stands alone, and what is told about it goes to stderr; with `--json` it is a member of the answer.
 *
 * @throws `file_unwritable`
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
  if (existsSync(file) && !isSignedDocument(file)) {
    throw new LicenseError('file_unwritable', { file, problem: 'it exists and is no signed document' });
  }
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (cause) {
    const problem = `folder ${dirname(file)}: ${reasonOf(cause)}`;
    throw new LicenseError('file_unwritable', { file, problem }, { cause });
  }
  return {
    deliver(document, result, text) {
      writeFileDurably(file, document, 0o644);
      answer(terminal, { ...result, file }, text(file));
    },
  };
}

function isSignedDocument(file: string): boolean {
  if (!statSync(file).isFile()) return false;
  try {
    typeOf(readTextFile(file).trim());
    return true;
  } catch {
    return false;
  }
}
