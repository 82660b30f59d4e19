import { basename, dirname, join, resolve } from 'node:path';
import { systemClock } from '#core/clock.ts';
import { MAX_REQUEST_FILE_BYTES } from '#core/documents/request-file.ts';
import type { ExitCode } from '#core/error-table.ts';
import { asLicenseError, type Language, LicenseError, messageOf } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { readPlainTextFile, writeFileDurably } from '#core/host/files.ts';
import { table } from '#core/host/table.ts';
import { requireNewFile, writeNewFile } from '#core/host/write-new-file.ts';
import { AnswerDesk, type RequestAnswered } from '../licensing/answer-desk.ts';
import { answerRequestFile, isGiven, refusalText } from '../licensing/answer-request-file.ts';
import { RootChain } from '../licensing/root-chain.ts';
import { type CommandContext, operator, withStore } from './context.ts';

export interface AnswerOptions {
  out?: string;
  force?: boolean;
}

/** Answers hold no secret: a token is of use to the device alone whose key it names. */
const MODE = 0o644;
const TOLD_EVERY = 20;

interface FileAnswered {
  readonly file: string;
  readonly answerFile: string | null;
  /** Why there is no answer file. */
  readonly error: LicenseError | undefined;
  readonly requests: readonly RequestAnswered[];
}

/**
 * `license-server answer FILE…`: answers request files, each into an answer file beside it or in a folder. A file that is
 * none is told of, and the others are answered all the same.
 */
export async function answerFiles(
  context: CommandContext,
  files: readonly string[],
  { out, force = false }: AnswerOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const places = placesOf(files, out);
  // Before the first seat is spent.
  if (!force) for (const place of places.values()) requireNewFile(place);

  const answered = await withStore(context, async (store, issuer) => {
    const rootChain = new RootChain(store.reader, issuer.roots);
    const desk = new AnswerDesk(store, systemClock, { ...issuer, rootChain });
    const done: FileAnswered[] = [];
    for (const [file, place] of places) {
      done.push(
        await answerFile(desk, file, place, { force, from: `${operator(context)} file` }, terminal.language),
      );
      if (done.length % TOLD_EVERY === 0)
        terminal.err(`${WORDS[terminal.language].progress(done.length, places.size)}\n`);
    }
    return done;
  });

  const rows = answered.flatMap(({ file, error, requests }) =>
    error === undefined
      ? requests.map((request) => [
          basename(file),
          request.licenseKey ?? '-',
          request.purpose ?? '-',
          outcomeText(request, terminal.language),
        ])
      : [[basename(file), '-', '-', messageOf(error, terminal.language)]],
  );
  const value = answered.map(({ file, answerFile, error, requests }) => ({
    file,
    answerFile,
    ...(error && { error: error.code }),
    requests: requests.map(({ licenseKey, purpose, outcome }) => ({ licenseKey, purpose, outcome })),
  }));
  const words = WORDS[terminal.language];
  const count = answered.flatMap(({ requests }) => requests).length;
  answer(
    terminal,
    { files: value },
    `${table([words.head, ...rows], terminal)}\n${words.done(places.size, count)}`,
  );
  return answered.some(isRefused) ? 3 : 0;
}

async function answerFile(
  desk: AnswerDesk,
  file: string,
  place: string,
  { force, from }: { force: boolean; from: string },
  language: Language,
): Promise<FileAnswered> {
  try {
    const { file: content, requests } = await answerRequestFile(
      desk,
      readPlainTextFile(file, MAX_REQUEST_FILE_BYTES),
      { where: file, from, language },
    );
    const text = `${JSON.stringify(content)}\n`;
    if (force) writeFileDurably(place, text, MODE);
    else writeNewFile(place, text, MODE);
    return { file, answerFile: place, error: undefined, requests };
  } catch (thrown) {
    const error = asLicenseError(thrown);
    // Only what is wrong with this one file lets the others go on.
    if (!/^(file_unreadable|document_)/.test(error.code)) throw thrown;
    return { file, answerFile: null, error, requests: [] };
  }
}

/**
 * Where each file's answers go. An answer file that lies beside its request is none itself: `*.json` names it on the
 * second visit.
 *
 * @throws `file_exists` where two files would be answered in one place
 */
function placesOf(files: readonly string[], out: string | undefined): Map<string, string> {
  const answers = new Set(files.map((file) => resolve(answerFileOf(file, undefined))));
  const requests = files.filter((file) => !answers.has(resolve(file)));
  const places = new Map(requests.map((file) => [file, answerFileOf(file, out)]));
  const taken = new Set<string>();
  for (const place of places.values()) {
    if (taken.has(resolve(place))) throw new LicenseError('file_exists', { file: place });
    taken.add(resolve(place));
  }
  return places;
}

function answerFileOf(file: string, out: string | undefined): string {
  const name = `${basename(file).replace(/\.(json|jwt|txt)$/i, '')}.answer.json`;
  return join(out ?? dirname(file), name);
}

function isRefused({ error, requests }: FileAnswered): boolean {
  return error !== undefined || !requests.every(isGiven);
}

function outcomeText(request: RequestAnswered, language: Language): string {
  const { outcome } = request;
  if (outcome === 'token' || outcome === 'lease') return WORDS[language][outcome];
  return refusalText(request, language);
}

const WORDS = {
  en: {
    head: ['File', 'LicenseKey', 'Request', 'Answer'],
    token: 'license token',
    lease: 'concurrency lease',
    progress: (done: number, all: number) => `${done} of ${all} files …`,
    done: (files: number, requests: number) => `${requests} requests in ${files} files.`,
  },
  zh: {
    head: ['文件', 'LicenseKey', '请求', '应答'],
    token: '许可证令牌',
    lease: '并发租约',
    progress: (done: number, all: number) => `已处理 ${done}/${all} 个文件 …`,
    done: (files: number, requests: number) => `共 ${files} 个文件，${requests} 个请求。`,
  },
};
