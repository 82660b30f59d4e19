import { MAX_ANSWER_FILE_BYTES, parseAnswerFile } from '#core/documents/answer-file.ts';
import { type ExitCode, errorTable } from '#core/error-table.ts';
import { type ErrorCode, type ErrorDetail, type Language, messageOf } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { readTextFile } from '#core/host/files.ts';
import { table } from '#core/host/table.ts';
import { askDaemon } from '../client/ask-daemon.ts';
import type { ImportOutcome } from '../client/local-answers.ts';
import { loadAgentConfig } from '../config.ts';
import type { CommonOptions } from '../options.ts';
import { socketsIn } from '../sockets.ts';

const TIMEOUT_MS = 120_000;
/** What a request that gave the license up is answered with. */
const DONE = ['ok', 'released', 'transferred'];

/**
 * `import FILE`: takes in the answers of a license server; each is verified by itself. Exit 0 where all were taken, 3
 * where the server refused one, 5 where one is not authentic or not for this device.
 *
 * @throws `file_unreadable`, `document_malformed`, `daemon_down`
 */
export async function importAnswers(
  file: string,
  options: CommonOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const content = parseAnswerFile(readTextFile(file, MAX_ANSWER_FILE_BYTES), file);
  const { admin } = socketsIn(loadAgentConfig(options, process.env).runtimeDir);
  const { outcomes } = (await askDaemon(admin, {
    method: 'POST',
    path: '/v1/answers',
    body: JSON.stringify(content),
    timeoutMs: TIMEOUT_MS,
  })) as { outcomes: ImportOutcome[] };
  const rows = outcomes.map((outcome) => [outcome.licenseKey ?? '-', textOf(outcome, terminal.language)]);
  answer(terminal, { outcomes }, table([WORDS[terminal.language].head, ...rows], terminal));
  const refused = outcomes.find(({ outcome }) => !DONE.includes(outcome));
  if (refused === undefined) return 0;
  return errorOf(refused)?.exit ?? 5;
}

function textOf(outcome: ImportOutcome, language: Language): string {
  if (outcome.outcome === 'ok') return WORDS[language].ok;
  if (errorOf(outcome) === undefined) return outcome.outcome;
  const detail: ErrorDetail = { pid: '', ...outcome.detail };
  return messageOf({ code: outcome.outcome as ErrorCode, detail }, language);
}

function errorOf({ outcome }: ImportOutcome) {
  return Object.hasOwn(errorTable, outcome) ? errorTable[outcome as ErrorCode] : undefined;
}

const WORDS = {
  en: { head: ['LicenseKey', 'Answer'], ok: 'license token, taken in' },
  zh: { head: ['LicenseKey', '应答'], ok: '许可证令牌，已导入' },
};
