import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** A page as these tests see it. */
export interface Page {
  /** From the repository's root: `docs/protocol.zh.md`. */
  readonly name: string;
  readonly blocks: readonly Block[];
  /** Lines outside of fenced blocks. */
  readonly prose: readonly string[];
}

/** Every page for readers. */
export function allPages(): Page[] {
  const inDocs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  const names = [
    ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
    ...inDocs.map((name) => `docs/${name}`),
    'test/README.md',
  ];
  return names.toSorted().map(readPage);
}

/** English page and Chinese page of each pair. */
export function pairs(): [english: Page, chinese: Page][] {
  return allPages()
    .filter(({ name }) => name.endsWith('.zh.md'))
    .map((chinese) => [readPage(chinese.name.replace('.zh.md', '.md')), chinese]);
}

export function readPage(name: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { language: string; lines: string[] } | undefined;
  for (const line of readFileSync(join(ROOT, name), 'utf8').split('\n')) {
    const [, language] = /^```(\S*)$/.exec(line) ?? [];
    if (language === undefined) (open?.lines ?? prose).push(line);
    else if (open === undefined) open = { language, lines: [] };
    else {
      blocks.push({ language: open.language, text: open.lines.join('\n') });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${name}: a fenced block is not closed`);
  return { name, blocks, prose };
}

/** Text of the headings, with their level. */
export function headingsOf({ prose }: Page): { level: number; text: string }[] {
  return prose.flatMap((line) => {
    const [, marks, text = ''] = /^(#{1,6}) (.+)$/.exec(line) ?? [];
    return marks === undefined ? [] : [{ level: marks.length, text }];
  });
}

/** Targets of links and images, without those that leave the repository. */
export function linksOf({ prose }: Page): string[] {
  return [...prose.join('\n').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Code spans of the prose. */
export function spansOf({ prose }: Page): string[] {
  return [...prose.join('\n').matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
}

export function isThere(name: string): boolean {
  return existsSync(join(ROOT, name));
}
