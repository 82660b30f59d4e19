import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { localDay } from '#core/local-time.ts';
import { setRateLimit } from '../licensing/set-rate-limit.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

export interface CompanyOptions {
  /** Calls per second and endpoint; 0: no limit. */
  rateLimit: number | 'default';
}

/** `license-server company list`. */
export async function list(context: CommandContext): Promise<ExitCode> {
  const { terminal, config } = context;
  const companies = await withStore(context, (store) =>
    store.reader
      .selectFrom('company')
      .select(['cid', 'name', 'created_at as createdAt', 'rate_limit_per_second as rateLimitPerSecond'])
      .orderBy('cid')
      .execute(),
  );
  const words = WORDS[terminal.language];
  const rows = companies.map(({ cid, name, createdAt, rateLimitPerSecond }) => {
    const limit = words.limit(rateLimitPerSecond ?? config.rateLimitPerSecond);
    return [
      cid,
      name,
      localDay(createdAt, config.zone),
      rateLimitPerSecond === null ? words.asConfigured(limit) : limit,
    ];
  });
  const text = rows.length === 0 ? words.none : table([words.head, ...rows], terminal);
  answer(terminal, { companies }, text);
  return 0;
}

/** `license-server company set CID`. */
export async function set(
  context: CommandContext,
  cid: string,
  { rateLimit }: CompanyOptions,
): Promise<ExitCode> {
  const own = rateLimit === 'default' ? null : rateLimit;
  await withStore(context, (store) =>
    store.write(now(), (transaction) => setRateLimit(transaction, cid, own, operator(context))),
  );
  const words = WORDS[context.terminal.language];
  const configured = context.config.rateLimitPerSecond;
  const limit = own === null ? words.asConfigured(words.limit(configured)) : words.limit(own);
  answer(context.terminal, { cid, rateLimitPerSecond: own }, words.set(cid, limit));
  return 0;
}

const WORDS = {
  en: {
    head: ['CID', 'Name', 'Since', 'Calls per second and endpoint'],
    limit: (perSecond: number) => (perSecond === 0 ? 'no limit' : String(perSecond)),
    asConfigured: (limit: string) => `${limit} (as configured)`,
    none: 'No grant was imported yet.',
    set: (cid: string, limit: string) => `Company ${cid}: calls per second and endpoint: ${limit}.`,
  },
  zh: {
    head: ['企业编号', '名称', '起始日期', '每接口每秒调用次数'],
    limit: (perSecond: number) => (perSecond === 0 ? '不限' : String(perSecond)),
    asConfigured: (limit: string) => `${limit}（按配置）`,
    none: '尚未导入授权。',
    set: (cid: string, limit: string) => `企业 ${cid} 每接口每秒调用次数：${limit}。`,
  },
};
