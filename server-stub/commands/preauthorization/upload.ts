import { createReadStream } from 'node:fs';
import { systemClock } from '#core/clock.ts';
import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { createLog } from '#core/host/log.ts';
import { reasonOf } from '#core/host/reason.ts';
import { acceptUploads } from '../../licensing/preauthorization/accept-uploads.ts';
import type { Upload } from '../../licensing/preauthorization/enter-upload.ts';
import { type Arrival, Uploads } from '../../licensing/preauthorization/uploads.ts';
import type { Store } from '../../store/database.ts';
import { type CommandContext, now, operator, withStore } from '../context.ts';
import { type AppOption, appNamed } from './app-option.ts';

export interface UploadOptions extends AppOption {
  partial?: boolean;
}

const MEBIBYTE = 1024 * 1024;
/** A server beside us looks for the write lock so often that it gets it between two pieces. */
const PAUSE_MS = 15;
const TOLD_ROWS = 100_000;

/** `license-server preauthorization upload FILE`: the same way as by the OpenAPI; what is interrupted, goes on. */
export async function uploadByCommand(
  context: CommandContext,
  file: string,
  options: UploadOptions,
): Promise<ExitCode> {
  const { terminal } = context;
  const { upload, warnings } = await withStore(context, async (store) => {
    const { cid } = await appNamed(store, options);
    const uploads = uploadsOf(context, store);
    const arrival = await receive(uploads, cid, file);
    await accept(store, uploads, arrival, { cid, actor: operator(context), ...options });
    const entered = await uploads.enter(arrival.uploadId);
    return { upload: entered, warnings: arrival.received.warnings };
  });
  if (upload.state === 'cleared') throw new LicenseError('upload_cleared');
  const { added, duplicates, invalid, upload_id } = upload;
  const { language } = terminal;
  const warned = warnings.map((warning) => warning[language]);
  const result = {
    appId: options.app,
    upload: upload_id,
    added,
    duplicates,
    invalid,
    duplicateLines: JSON.parse(upload.duplicate_lines),
    problems: JSON.parse(upload.problems),
    ...(warned.length > 0 && { warnings: warned }),
  };
  answer(terminal, result, [WORDS[language].done(added, duplicates, invalid), ...warned].join('\n'));
  return 0;
}

/** `license-server preauthorization resume`: what was interrupted on this machine, of all Apps. */
export async function resumeUploads(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const { interrupted, left } = await withStore(context, async (store) => {
    const before = await entering(store);
    await uploadsOf(context, store).resume();
    return { interrupted: before, left: await entering(store) };
  });
  answer(
    terminal,
    { resumed: interrupted - left, left },
    WORDS[terminal.language].resumed(interrupted - left, left),
  );
  return 0;
}

async function entering({ reader }: Store): Promise<number> {
  const { count } = await reader
    .selectFrom('preauthorization_upload')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('state', '=', 'entering')
    .executeTakeFirstOrThrow();
  return Number(count);
}

function uploadsOf({ terminal, config }: CommandContext, store: Store): Uploads {
  const words = WORDS[terminal.language];
  let told = 0;
  const onProgress = ({ done, license_keys }: Upload) => {
    const step = Math.floor(done / TOLD_ROWS);
    if (step > told) terminal.err(`${words.progress(done, license_keys)}\n`);
    told = step;
  };
  return new Uploads(store, systemClock, createLog('license-server', 'warn'), {
    stateDir: config.stateDir,
    maxBytes: config.uploadMaxMiB * MEBIBYTE,
    enter: { pauseMs: PAUSE_MS, onProgress },
  });
}

async function receive(uploads: Uploads, cid: string, file: string): Promise<Arrival> {
  try {
    return await uploads.receive(cid, contentOf(file));
  } catch (cause) {
    // What fails elsewhere is no fault of the file.
    if (!(cause instanceof Error && 'path' in cause && cause.path === file)) throw cause;
    throw new LicenseError('file_unreadable', { file, problem: reasonOf(cause) }, { cause });
  }
}

/** Opened when it is read from: a stream that fails while nobody reads it ends the process. */
async function* contentOf(file: string): AsyncIterable<Buffer> {
  yield* createReadStream(file) as AsyncIterable<Buffer>;
}

async function accept(
  store: Store,
  uploads: Uploads,
  arrival: Arrival,
  { cid, actor, app: appId, partial = false }: UploadOptions & { cid: string; actor: string },
): Promise<void> {
  const { uploadId, received: file } = arrival;
  await uploads.settle(arrival, partial, () =>
    store.write(now(), async (transaction) => {
      const wish = { cid, appId, uploadId, file, actor };
      const [outcome] = await acceptUploads(transaction, [wish]);
      if (outcome?.ok === false) throw outcome.error;
    }),
  );
}

const WORDS = {
  en: {
    progress: (done: number, of: number) => `${done} of ${of} …`,
    done: (added: number, duplicates: number, invalid: number) =>
      `${added} added, ${duplicates} duplicates, ${invalid} invalid lines.`,
    resumed: (count: number, left: number) =>
      `${count} uploads finished.${left === 0 ? '' : ` ${left} are with another process or server.`}`,
  },
  zh: {
    progress: (done: number, of: number) => `已写入 ${done}/${of} …`,
    done: (added: number, duplicates: number, invalid: number) =>
      `新增 ${added} 个，重复 ${duplicates} 个，无效 ${invalid} 行。`,
    resumed: (count: number, left: number) =>
      `已完成 ${count} 个上传。${left === 0 ? '' : `另有 ${left} 个由其他进程或服务器处理。`}`,
  },
};
