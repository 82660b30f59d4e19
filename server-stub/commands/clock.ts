import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { zonedTime } from '#core/local-time.ts';
import { acceptClock, type ClockAcceptance } from '../licensing/accept-clock.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

/** `license-server clock accept`: the clock is right, the trail lies in the future by mistake. */
export async function accept(context: CommandContext): Promise<ExitCode> {
  const { terminal, config } = context;
  const accepted = await withStore(context, async (store) => {
    const at = now();
    const companies = await store.reader.selectFrom('company').select('cid').execute();
    return store.write(at, async (transaction) => {
      const outcomes: ClockAcceptance[] = [];
      for (const { cid } of companies) {
        const outcome = await acceptClock(transaction, cid, at, operator(context));
        if (outcome !== undefined) outcomes.push(outcome);
      }
      return outcomes;
    });
  });
  const words = WORDS[terminal.language];
  const rows = accepted.map(({ cid, previousAt, corrected }) => [
    cid,
    zonedTime(previousAt, config.zone),
    corrected,
  ]);
  const text =
    rows.length === 0 ? words.nothing : `${table([words.head, ...rows], terminal)}\n${words.accepted}`;
  answer(terminal, { accepted }, text);
  return 0;
}

const WORDS = {
  en: {
    head: ['CID', 'Trail stood at', 'Licenses corrected'],
    accepted: 'The audit trail goes on from now.',
    nothing: 'The clock is not behind the audit trail; nothing changed.',
  },
  zh: {
    head: ['CID', '原审计记录时间', '更正的许可证'],
    accepted: '审计记录已从当前时钟继续。',
    nothing: '时钟未落后于审计记录，未做更改。',
  },
};
