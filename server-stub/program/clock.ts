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
    about: "this server's clock against its audit trail",
    accept: 'the clock is right: let a trail that lies in the future by mistake go on from now',
  },
  zh: {
    about: '本服务器时钟与审计记录的关系',
    accept: '确认时钟正确：审计记录因错误而处于未来时，从现在继续',
  },
};
