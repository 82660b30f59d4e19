import type { Kysely } from 'kysely';
import type { Terms } from '#core/documents/terms.ts';
import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { type Cell, table } from '#core/host/table.ts';
import { describeLicense, describeValidity } from '#core/notation/describe-license.ts';
import type { Schema } from '../store/schema.ts';
import { type CommandContext, withStore } from './context.ts';

/** `license-server quota`: per company, PID and App what was granted and what is used; the renewals likewise. */
export async function quota(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const { language } = terminal;
  const { pools, renewals, apps, terms } = await withStore(context, async ({ reader }) => ({
    pools: await poolsOf(reader),
    renewals: await renewalsOf(reader),
    apps: await reader.selectFrom('app').select(['app_id as appId', 'name']).execute(),
    terms: await reader.selectFrom('terms').select('claims').orderBy('position').execute(),
  }));

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
  const row = (cid: string, id: string, appId: string, granted: number, used: number): Cell[] => [
    cid,
    id,
    appId === '' ? words.shared : (names.get(appId) ?? appId),
    granted,
    used,
    Math.max(granted - used, 0),
    meanings.get(id) ?? '',
  ];
  const rows = [
    ...pools.map(({ cid, pid, appId, granted, used }) => row(cid, pid, appId, granted, used)),
    ...renewals.map(({ cid, renewId, appId, granted, used }) =>
      row(cid, renewId ?? '', appId, Number(granted), Number(used)),
    ),
  ];
  const text = rows.length === 0 ? words.none : table([words.head, ...rows], terminal);
  answer(terminal, { pools, renewals }, text);
  return 0;
}

function poolsOf(reader: Kysely<Schema>) {
  return reader
    .selectFrom('quota')
    .select(['cid', 'pid', 'app_id as appId', 'granted', 'used', 'overdraft'])
    .orderBy('cid')
    .orderBy('pid')
    .orderBy('app_id')
    .execute();
}

function renewalsOf(reader: Kysely<Schema>) {
  return reader
    .selectFrom('terms')
    .select(({ fn }) => [
      'cid',
      'renew_id as renewId',
      'pid',
      'app_id as appId',
      fn.sum<number>('count').as('granted'),
      fn.sum<number>('used').as('used'),
    ])
    .where('kind', '=', 'renewal')
    .where('withdrawn', '=', 0)
    .groupBy(['cid', 'renew_id', 'pid', 'app_id'])
    .orderBy('cid')
    .orderBy('renew_id')
    .orderBy('app_id')
    .execute();
}

const WORDS = {
  en: {
    head: ['CID', 'PID / renewId', 'App', 'Granted', 'Used', 'Left', 'What'],
    shared: 'shared',
    renewal: (validity: string, pid: string) => `renewal, ${validity}, of PID ${pid}`,
    none: 'No grant was imported yet.',
  },
  zh: {
    head: ['CID', 'PID / renewId', 'App', '授权', '已用', '剩余', '内容'],
    shared: '共享',
    renewal: (validity: string, pid: string) => `续期 ${validity}，PID ${pid}`,
    none: '尚未导入授权。',
  },
};
