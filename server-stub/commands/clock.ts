import { answer } from '#core/host/cli.ts';
import { acceptClock } from '../licensing/accept-clock.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

/** `license-server clock accept`: the clock is right, the trail lies in the future by mistake. */
export async function accept(context: CommandContext): Promise<void> {
  const accepted = await withStore(context, async (store) => {
    const at = now();
    const companies = await store.reader.selectFrom('company').select('cid').execute();
    const found = await store.write(at, async (transaction) => {
      const outcomes = [];
      for (const { cid } of companies) outcomes.push(await acceptClock(transaction, cid, at, operator()));
      return outcomes;
    });
    return found.filter((outcome) => outcome !== undefined);
  });
  const zh = context.terminal.language === 'zh';
  const text = accepted.map(({ cid, previousAt, corrected }) => {
    const was = new Date(previousAt * 1000).toISOString();
    return zh
      ? `CID ${cid}：审计记录时间 ${was} 已按当前时钟更正，更正许可证 ${corrected} 个`
      : `CID ${cid}: the trail stood at ${was} and goes on from now; ${corrected} licenses corrected`;
  });
  const nothing = zh
    ? '时钟未落后于审计记录，未做更改'
    : 'The clock is not behind the trail; nothing changed';
  answer(context.terminal, { accepted }, text.join('\n') || nothing);
}
