import { systemClock } from '#core/clock.ts';
import type { ExitCode } from '#core/error-table.ts';
import type { Language } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { createFileDurably } from '#core/host/files.ts';
import { table } from '#core/host/table.ts';
import { requireNewFile } from '#core/host/write-new-file.ts';
import { loadAgentConfig } from '../config.ts';
import { examine } from '../doctor/examine.ts';
import type { Finding, FindingOutcome } from '../doctor/finding.ts';
import type { CommonOptions } from '../options.ts';

export interface DoctorOptions extends CommonOptions {
  /** File of a report without secrets. */
  readonly bundle?: string;
}

/**
 * `doctor`: what is wrong among clock, daemon, store, token, network, identity, permissions and disk, each with what to
 * do. Exit 0 where nothing is.
 *
 * @throws as loadAgentConfig; `file_exists`, `file_unwritable`
 */
export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<ExitCode> {
  const { bundle } = options;
  if (bundle !== undefined) requireNewFile(bundle);
  const config = loadAgentConfig(options, process.env);
  const examination = await examine(config, options, process.env, systemClock.now());
  const { findings } = examination;
  const words = WORDS[terminal.language];
  if (bundle !== undefined) {
    const { bundleOf } = await import('../doctor/bundle.ts');
    createFileDurably(bundle, await bundleOf(examination, config), 0o600);
  }
  const told = bundle === undefined ? '' : `\n${words.bundle(bundle)}`;
  answer(terminal, { findings, ...(bundle && { bundle }) }, `${textOf(findings, terminal)}${told}`);
  return findings.some(({ outcome }) => outcome === 'fault') ? 1 : 0;
}

const SIGNS: Readonly<Record<FindingOutcome, string>> = { ok: '✓', warning: '!', fault: '✗', skipped: '–' };

function textOf(findings: readonly Finding[], { language, columns }: Terminal): string {
  const words = WORDS[language];
  const rows = findings.map(({ id, outcome, what }) => [
    SIGNS[outcome],
    nameOf(id, language),
    what[language],
  ]);
  const remedies = findings.flatMap(({ outcome, remedy, id }) =>
    remedy === undefined || outcome === 'ok'
      ? []
      : [`${nameOf(id, language)}${words.colon}${remedy[language]}`],
  );
  const todo = remedies.length === 0 ? words.well : `${words.todo}\n${[...new Set(remedies)].join('\n')}`;
  return `${table(rows, { columns })}\n${todo}`;
}

function nameOf(id: string, language: Language): string {
  const [area = ''] = id.split('.');
  const names: Readonly<Record<string, string>> = WORDS[language].names;
  return names[area] ?? id;
}

const WORDS = {
  en: {
    colon: ': ',
    todo: 'What to do:',
    well: 'Nothing is wrong.',
    bundle: (file: string) => `The report, without secrets, is ${file}.`,
    names: {
      clock: 'Clock',
      daemon: 'Daemon',
      store: 'Store',
      token: 'License',
      enrollment: 'Enrollment',
      dns: 'DNS',
      route: 'Route',
      tls: 'TLS',
      server: 'Server',
      identity: 'Identity',
      permissions: 'Permissions',
      disk: 'Disk',
    },
  },
  zh: {
    colon: '：',
    todo: '处理建议：',
    well: '一切正常。',
    bundle: (file: string) => `不含机密的报告已写入 ${file}。`,
    names: {
      clock: '时钟',
      daemon: '守护进程',
      store: '存储',
      token: '许可证',
      enrollment: '登记',
      dns: 'DNS',
      route: '网络',
      tls: 'TLS',
      server: '服务器',
      identity: '设备身份',
      permissions: '权限',
      disk: '磁盘',
    },
  },
};
