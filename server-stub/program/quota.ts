import type { Setting } from './setting.ts';

/** `license-server quota`. */
export function addQuota({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  program
    .command('quota')
    .description(texts.about)
    .action(run(async (context) => (await import('../commands/quota.ts')).quota(context)));
}

const TEXTS = {
  en: { about: 'show what was granted and what is used' },
  zh: { about: '显示已授权与已使用的数量' },
};
