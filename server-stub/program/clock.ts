import { requireSubcommand } from '#core/host/command-line.ts';
import type { Setting } from './setting.ts';

/** `license-server clock …`. */
export function addClock({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const group = program.command('clock').description(texts.about);
  group
    .command('accept')
    .description(texts.accept)
    .action(run(async (context) => (await import('../commands/clock.ts')).accept(context)));
  requireSubcommand(group);
}

const TEXTS = {
  en: {
    about: 'set right an audit trail that lies in the future by mistake',
    accept: 'confirm that the clock is right now: the trail goes on from it',
  },
  zh: {
    about: '更正因错误而处于未来时间的审计记录',
    accept: '确认本服务器的时钟现已正确，审计记录从当前时间继续',
  },
};
