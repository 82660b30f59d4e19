import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { reasonOf } from '#core/host/reason.ts';
import { table } from '#core/host/table.ts';
import { requireNewFile } from '#core/host/write-new-file.ts';
import { parseLicenseKey } from '#core/ids.ts';
import { zonedTime } from '#core/local-time.ts';
import { exportPreauthorizations } from '../../licensing/preauthorization/export-preauthorizations.ts';
import {
  findPreauthorization,
  pageOfPreauthorizations,
} from '../../licensing/preauthorization/find-preauthorizations.ts';
import { newestUploads } from '../../licensing/preauthorization/newest-uploads.ts';
import { type CommandContext, withStore } from '../context.ts';
import { type AppOption, appNamed } from './app-option.ts';

export interface ListOptions extends AppOption {
  page: number;
  size: number;
}

export interface ExportOptions extends AppOption {
  out?: string;
}

/** `license-server preauthorization search LICENSE_KEY`: exit 3 where it is not on the list. */
export async function searchByCommand(
  context: CommandContext,
  key: string,
  options: AppOption,
): Promise<ExitCode> {
  const { terminal, config } = context;
  const licenseKey = parseLicenseKey(key);
  const found = await withStore(context, async (store) => {
    const { list } = await appNamed(store, options);
    return list && (await findPreauthorization(store.reader, list.list, licenseKey));
  });
  const words = WORDS[terminal.language];
  const result = {
    licenseKey,
    found: found !== undefined,
    ...(found && { id: found.seq, createdAt: found.created_at }),
  };
  const text =
    found === undefined
      ? words.absent(licenseKey)
      : words.present(licenseKey, zonedTime(found.created_at, config.zone));
  answer(terminal, result, text);
  return found === undefined ? 3 : 0;
}

/** `license-server preauthorization list`: the switch, how many there are, and a page of them. */
export async function listByCommand(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { terminal, config } = context;
  const { page, size } = options;
  const { enabled, count, keys } = await withStore(context, async (store) => {
    const { list } = await appNamed(store, options);
    if (list === undefined) return { enabled: false, count: 0, keys: [] };
    const found = await pageOfPreauthorizations(store.reader, list.list, page, size);
    return { enabled: list.enabled === 1, ...found };
  });
  const words = WORDS[terminal.language];
  const entries = keys.map(({ seq, license_key, created_at }) => ({
    id: seq,
    licenseKey: license_key,
    createdAt: created_at,
  }));
  const rows = entries.map(({ id, licenseKey, createdAt }) => [
    id,
    licenseKey,
    zonedTime(createdAt, config.zone),
  ]);
  const head = words.summary(enabled, count);
  const text = rows.length === 0 ? head : `${head}\n\n${table([words.head, ...rows], terminal)}`;
  answer(terminal, { enabled, count, page, size, list: entries }, text);
  return 0;
}

/** `license-server preauthorization export`: to stdout as plain lines, or into a new file. */
export async function exportByCommand(context: CommandContext, options: ExportOptions): Promise<ExitCode> {
  const { terminal } = context;
  const { out } = options;
  if (out !== undefined) requireNewFile(out);
  const count = await withStore(context, async (store) => {
    const { list } = await appNamed(store, options);
    const pieces = list === undefined ? [] : exportPreauthorizations(store.reader, list.list);
    return out === undefined ? printLines(pieces, terminal.out) : writeLines(pieces, out);
  });
  if (out !== undefined)
    answer(terminal, { file: out, count }, WORDS[terminal.language].exported(count, out));
  return 0;
}

type Pieces = AsyncIterable<readonly string[]> | readonly (readonly string[])[];

/** LicenseKeys hold nothing that steers a terminal. */
async function printLines(pieces: Pieces, print: (text: string) => void): Promise<number> {
  let count = 0;
  for await (const piece of pieces) {
    print(`${piece.join('\n')}\n`);
    count += piece.length;
  }
  return count;
}

async function writeLines(pieces: Pieces, file: string): Promise<number> {
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    try {
      return await printLines(pieces, (text) => void writeSync(descriptor, text));
    } catch (cause) {
      rmSync(file, { force: true });
      throw cause;
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (cause instanceof LicenseError) throw cause;
    throw new LicenseError('file_unwritable', { file, problem: reasonOf(cause) }, { cause });
  }
}

/** `license-server preauthorization uploads`: the newest, with how far they are. */
export async function listUploads(context: CommandContext, options: AppOption): Promise<ExitCode> {
  const { terminal, config } = context;
  const found = await withStore(context, async (store) => {
    await appNamed(store, options);
    return newestUploads(store.reader, options.app);
  });
  const uploads = found.map((upload) => ({
    upload: upload.upload_id,
    state: upload.state,
    lines: upload.license_keys,
    done: upload.done,
    added: upload.added,
    duplicates: upload.duplicates,
    invalid: upload.invalid,
    sha256: upload.sha256,
    createdAt: upload.created_at,
  }));
  const words = WORDS[terminal.language];
  const rows = uploads.map((upload) => [
    zonedTime(upload.createdAt, config.zone),
    words.states[upload.state],
    `${upload.done}/${upload.lines}`,
    upload.added,
    upload.duplicates,
    upload.invalid,
    upload.upload,
  ]);
  const text = rows.length === 0 ? words.noUploads : table([words.uploadHead, ...rows], terminal);
  answer(terminal, { uploads }, text);
  return 0;
}

const WORDS = {
  en: {
    head: ['ID', 'LicenseKey', 'Since'],
    summary: (enabled: boolean, count: number) =>
      `Preauthorization is ${enabled ? 'on' : 'off'}; ${count} LicenseKeys on the list.`,
    present: (key: string, since: string) => `${key} is on the list since ${since}.`,
    absent: (key: string) => `${key} is not on the list.`,
    exported: (count: number, file: string) => `${count} LicenseKeys written to ${file}.`,
    uploadHead: ['Time', 'State', 'Done', 'Added', 'Duplicates', 'Invalid', 'Upload'],
    states: { entering: 'going in', entered: 'in', cleared: 'cleared with the list' },
    noUploads: 'There are no uploads.',
  },
  zh: {
    head: ['ID', 'LicenseKey', '加入时间'],
    summary: (enabled: boolean, count: number) =>
      `预授权已${enabled ? '开启' : '关闭'}，列表中有 ${count} 个 LicenseKey。`,
    present: (key: string, since: string) => `${key} 在列表中，加入时间 ${since}。`,
    absent: (key: string) => `${key} 不在列表中。`,
    exported: (count: number, file: string) => `已将 ${count} 个 LicenseKey 写入 ${file}。`,
    uploadHead: ['时间', '状态', '进度', '新增', '重复', '无效', '上传 ID'],
    states: { entering: '写入中', entered: '已完成', cleared: '已随列表清空' },
    noUploads: '没有上传记录。',
  },
};
