import { styleText } from 'node:util';
import type { Language } from '#core/errors.ts';
import type { Terminal } from '#core/host/cli.ts';
import { printableLines } from '#core/host/printable.ts';
import { table } from '#core/host/table.ts';
import type { Finding, FindingId, FindingOutcome } from './finding.ts';

const SIGNS: Readonly<Record<FindingOutcome, string>> = { ok: '✓', warning: '!', fault: '✗', skipped: '–' };
const COLOURS = { ok: 'green', warning: 'yellow', fault: 'red', skipped: 'gray' } as const;

/** One screen: a line for each finding, its sign coloured on a terminal, and below what to do. */
export function findingsText(findings: readonly Finding[], { language, columns }: Terminal): string {
  const words = WORDS[language];
  const rows = findings.map(({ id, outcome, what }) => [SIGNS[outcome], NAMES[language][id], what[language]]);
  const lines = printableLines(table(rows, { columns })).split('\n').map(coloured);
  const todo = remediesIn(findings, language).map(printableLines);
  const isSound = findings.every(({ outcome }) => outcome === 'ok' || outcome === 'skipped');
  const end = todo.length > 0 ? [words.todo, ...todo] : isSound ? [words.well] : [];
  return `${lines.join('\n')}\n${end.join('\n')}`;
}

/** A remedy that several findings have is told once. */
function remediesIn(findings: readonly Finding[], language: Language): string[] {
  const names = new Map<string, string[]>();
  for (const { id, outcome, remedy } of findings) {
    if (remedy === undefined || outcome === 'ok') continue;
    const name = NAMES[language][id];
    const known = names.get(remedy[language]) ?? [];
    if (!known.includes(name)) known.push(name);
    names.set(remedy[language], known);
  }
  const { colon, comma } = WORDS[language];
  return [...names].map(([remedy, of]) => `${of.join(comma)}${colon}${remedy}`);
}

function coloured(line: string): string {
  const sign = line.slice(0, 1);
  const outcome = (Object.keys(SIGNS) as FindingOutcome[]).find((each) => SIGNS[each] === sign);
  return outcome === undefined
    ? line
    : `${styleText(COLOURS[outcome], sign, { stream: process.stdout })}${line.slice(1)}`;
}

const WORDS = {
  en: { colon: ': ', comma: ', ', todo: 'What to do:', well: 'Nothing is wrong.' },
  zh: { colon: '：', comma: '、', todo: '处理建议：', well: '一切正常。' },
};

const NAMES: Readonly<Record<Language, Readonly<Record<FindingId, string>>>> = {
  en: {
    configuration: 'Configuration',
    clock: 'Clock',
    daemon: 'Daemon',
    store: 'Store',
    enrollment: 'Enrollment',
    token: 'License',
    refresh: 'Refresh',
    certificate: 'Certificate',
    dns: 'DNS',
    route: 'Route',
    tls: 'TLS',
    server: 'Server',
    identity: 'Identity',
    permissions: 'Permissions',
    disk: 'Disk',
  },
  zh: {
    configuration: '配置',
    clock: '时钟',
    daemon: '守护进程',
    store: '存储',
    enrollment: '登记',
    token: '许可证',
    refresh: '刷新',
    certificate: '签发证书',
    dns: 'DNS',
    route: '网络',
    tls: 'TLS',
    server: '服务器',
    identity: '设备身份',
    permissions: '权限',
    disk: '磁盘',
  },
};
