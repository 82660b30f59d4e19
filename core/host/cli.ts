import { type ExitCode, errorTable } from '../error-table.ts';
import {
  asLicenseError,
  type Bilingual,
  inLanguage,
  type Language,
  LicenseError,
  messageOf,
  remedyOf,
} from '../errors.ts';
import { printable, printableLines } from './printable.ts';

/** Where a command writes, and in which language; passed in, so that tests see all of it. */
export interface Terminal {
  readonly language: Language;
  readonly json: boolean;
  /** How wide it is; undefined where stdout is a file or another program. */
  readonly columns?: number | undefined;
  out(text: string): void;
  err(text: string): void;
}

/** The reader's language by POSIX locale: LC_ALL, else LC_MESSAGES, else LANG. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return locale.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** The process's own terminal. `json` is wanted where `--json` stands among the arguments. */
export function processTerminal(argv: readonly string[]): Terminal {
  // Whoever reads may have seen enough: `license-server audit | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    language: languageOf(process.env),
    json: argv.includes('--json'),
    columns: process.stdout.columns,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  };
}

/** An answer on stdout: one line of JSON with `--json`, else the text for people. */
export function answer(terminal: Terminal, value: object, text: string): void {
  terminal.out(terminal.json ? jsonLine(value, terminal.language) : endingLine(printableLines(text)));
}

function endingLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** A failure: what happened and what to do, on stderr for people, one line of JSON on stdout with `--json`. */
export function fail(terminal: Terminal, program: string, thrown: unknown): ExitCode {
  const error = asLicenseError(thrown);
  const message = messageOf(error, terminal.language);
  const remedy = remedyOf(error, terminal.language);
  if (terminal.json) {
    const { code, detail } = error;
    terminal.out(jsonLine({ error: code, message, remedy, detail }, terminal.language));
  } else {
    terminal.err(`${program}: ${printable(message)} [${error.code}]\n  ${printable(remedy)}\n`);
  }
  if (error.code === 'internal') terminal.err(`${stackOf(error.cause)}\n`);
  return errorTable[error.code].exit;
}

/** A fault of usage. */
export function usageError(problem: Bilingual): LicenseError {
  return new LicenseError('usage', { problem });
}

/** One line of JSON. Details are texts and numbers in it, as programs expect them: in words, those of the reader. */
function jsonLine(value: object, language: Language): string {
  return `${JSON.stringify(value, (_name, member: unknown) => inLanguage(member, language))}\n`;
}

function stackOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
