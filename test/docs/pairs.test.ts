import { describe, expect, test } from 'vitest';
import { type Block, headingsOf, isThere, linksOf, type Page, pairs } from './pages.ts';

/** Commands and data without comments, which are in the reader's language. Pictures may be too. */
function comparable({ language, text }: Block): Block {
  if (language === 'text') return { language, text: '' };
  const lines = text.split('\n').filter((line) => !/^\s*(#|\/\/)/.test(line));
  return { language, text: lines.map((line) => line.replace(/\s+# .*$/, '')).join('\n') };
}

/** The columns of each row of each table. */
function tablesOf({ prose }: Page): number[] {
  return prose
    .filter((line) => line.startsWith('|'))
    .map((line) => line.replaceAll('\\|', '').split('|').length);
}

/** The English page's name for the same target. */
function toEnglish(target: string): string {
  const [path = '', anchor] = target.split('#');
  const english = path.replace(/\.zh\.(md|svg)$/, '.$1');
  return anchor === undefined ? english : `${english}#…`;
}

test('each page of docs and the README exist in both languages', () => {
  const names = pairs().map(([english]) => english.name);
  for (const name of [
    'README.md',
    'operations',
    'devices',
    'local-api',
    'integration',
    'protocol',
    'configuration',
    'errors',
  ])
    expect(names).toContain(name.endsWith('.md') ? name : `docs/${name}.md`);
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});

describe.each(pairs())('$name', (english, chinese) => {
  test('both languages have the same headings', () => {
    const levels = (page: Page) => headingsOf(page).map(({ level }) => level);
    expect(levels(chinese)).toEqual(levels(english));
  });

  test('both languages have the same commands and data', () => {
    expect(chinese.blocks.map(comparable)).toEqual(english.blocks.map(comparable));
  });

  test('both languages have the same tables', () => {
    expect(tablesOf(chinese)).toEqual(tablesOf(english));
  });

  test('both languages have the same links, each to its own language', () => {
    const [, ...englishLinks] = linksOf(english);
    const [, ...chineseLinks] = linksOf(chinese);
    expect(chineseLinks.map(toEnglish)).toEqual(englishLinks.map(toEnglish));
    const strangers = chineseLinks.filter(
      (target) => /^(README|docs\/[a-z]+|[a-z]+)\.md/.test(target) && !/^test\//.test(target),
    );
    expect(strangers).toEqual([]);
  });
});
