import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { allPages, headingsOf, isThere, linksOf, readPage } from './pages.ts';

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

test.each(allPages())('links of $name lead somewhere', (page) => {
  const broken = linksOf(page).filter((target) => {
    const [path = '', anchor] = target.split('#');
    const name = path === '' ? page.name : join(dirname(page.name), path);
    if (!isThere(name)) return true;
    if (anchor === undefined) return false;
    return !headingsOf(readPage(name)).some(({ text }) => anchorOf(text) === anchor);
  });
  expect(broken).toEqual([]);
});

test.each(allPages())('blocks of $name say what they are', ({ blocks }) => {
  const languages = blocks.map(({ language }) => language);
  expect(
    languages.filter(
      (language) => !['sh', 'console', 'text', 'toml', 'json', 'js', 'python'].includes(language),
    ),
  ).toEqual([]);
});
