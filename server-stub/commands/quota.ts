import { answer } from '#core/host/cli.ts';
import { type CommandContext, withStore } from './context.ts';

/** `license-server quota`: per company, PID and App what was granted and what is used; the renewals likewise. */
export async function quota(context: CommandContext): Promise<void> {
  const { pools, renewals } = await withStore(context, async ({ reader }) => ({
    pools: await reader
      .selectFrom('quota')
      .select(['cid', 'pid', 'app_id as appId', 'granted', 'used', 'overdraft'])
      .orderBy('cid')
      .orderBy('pid')
      .orderBy('app_id')
      .execute(),
    renewals: await reader
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
      .execute(),
  }));
  const zh = context.terminal.language === 'zh';
  const shared = zh ? '共享' : 'shared';
  const lines = [
    ...pools.map(
      ({ cid, pid, appId, granted, used }) =>
        `CID ${cid}  PID ${pid}  ${appId || shared}  ${used}/${granted}`,
    ),
    ...renewals.map(
      ({ cid, renewId, appId, granted, used }) =>
        `CID ${cid}  renewId ${renewId}  ${appId || shared}  ${used}/${granted}`,
    ),
  ];
  answer(
    context.terminal,
    { pools, renewals },
    lines.join('\n') || (zh ? '尚未导入授权' : 'no grant was imported yet'),
  );
}
