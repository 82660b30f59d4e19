import type { Terms } from '#core/documents/terms.ts';
import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { type Cell, table } from '#core/host/table.ts';
import { describeLicense, describeValidity } from '#core/notation/describe-license.ts';
import { appCaps, pidCaps } from '../licensing/concurrency-caps.ts';
import { type Pool, poolsOf, renewalPools } from '../licensing/pools.ts';
import { waitingForRenewal } from '../licensing/renewal-shortage.ts';
import { sessionsInUse } from '../licensing/sessions-in-use.ts';
import { type CommandContext, now, withStore } from './context.ts';

/**
 * `license-server quota list`: per company, PID and App what was granted, how much of it out of the shared pool, and
 * what is used; the renewals likewise; who waits for them; sessions where their number at the same time is limited.
 */
export async function quota(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const { language } = terminal;
  const { pools, renewals, waiting, apps, terms, sessions } = await withStore(
    context,
    async ({ reader }) => ({
      pools: await poolsOf(reader),
      sessions: await sessionsInUse(reader, [...(await pidCaps(reader)), ...(await appCaps(reader))], now()),
      waiting: await waitingForRenewal(reader),
      renewals: await renewalPools(reader),
      apps: await reader.selectFrom('app').select(['app_id as appId', 'name']).execute(),
      terms: await reader.selectFrom('terms').select('claims').orderBy('position').execute(),
    }),
  );

  const words = WORDS[language];
  const names = new Map(apps.map(({ appId, name }) => [appId, name]));
  // Every line of a PID or renewId says the same of it; only counts and limits differ.
  const meanings = new Map(
    terms.map(({ claims }) => {
      const line: Terms = JSON.parse(claims);
      return line.kind === 'purchase'
        ? [line.pid, describeLicense(line, language)]
        : [line.renewId, words.renewal(describeValidity(line.validity, language), line.pid)];
    }),
  );
  const row = (
    { cid, appId, granted, used }: Pick<Pool, 'cid' | 'appId' | 'granted' | 'used'>,
    id: string,
    allocated: Cell,
  ): Cell[] => [
    cid,
    id,
    appId === '' ? words.shared : (names.get(appId) ?? appId),
    granted,
    allocated,
    used,
    Math.max(granted - used, 0),
    meanings.get(id) ?? '',
  ];
  const rows = [
    ...pools.map((pool) => row(pool, pool.pid, pool.allocated)),
    ...renewals.map((renewal) => row(renewal, renewal.renewId, '')),
  ];
  const list = rows.length === 0 ? words.none : table([words.head, ...rows], terminal);
  const notes = waiting.map(({ appId, pid, waiting: count }) =>
    words.waiting(count, names.get(appId) ?? appId, pid),
  );
  const sessionRows = sessions.map(({ cid, pid, appId = '', sessions: inUse, cap }): Cell[] => [
    ...[cid, pid ?? names.get(appId) ?? appId],
    ...[inUse, cap],
  ]);
  const atOnce =
    sessions.length === 0 ? [] : ['', table([words.sessionsHead, ...sessionRows], terminal).trimEnd()];
  answer(terminal, { pools, renewals, waiting, sessions }, [list.trimEnd(), ...notes, ...atOnce].join('\n'));
  return 0;
}

const WORDS = {
  en: {
    head: ['CID', 'PID / renewId', 'App', 'Granted', 'Allocated', 'Used', 'Left', 'What'],
    waiting: (count: number, app: string, pid: string) =>
      `${count} licenses of ${app} wait for renewal licenses of PID ${pid}.`,
    shared: 'shared',
    renewal: (validity: string, pid: string) => `renewal, ${validity}, of PID ${pid}`,
    sessionsHead: ['CID', 'PID / App', 'Sessions now', 'At most'],
    none: 'No grant was imported yet.',
  },
  zh: {
    head: ['CID', 'PID / renewId', 'App', '授权', '其中配额', '已用', '剩余', '内容'],
    waiting: (count: number, app: string, pid: string) =>
      `${app} 有 ${count} 个许可证等待续期，缺少 PID ${pid} 的续期许可证。`,
    shared: '共享',
    renewal: (validity: string, pid: string) => `续期 ${validity}，PID ${pid}`,
    sessionsHead: ['CID', 'PID / App', '当前会话', '上限'],
    none: '尚未导入授权。',
  },
};
