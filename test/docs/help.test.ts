import { expect, test } from 'vitest';
import { systemClock } from '#core/clock.ts';
import type { Terminal } from '#core/host/cli.ts';
import { runProgram } from '../../agent/program.ts';
import { runServerProgram } from '../../server-stub/program.ts';
import { runVendor } from '../../server-stub/vendor/program.ts';
import { allPages, type Page, spansOf } from './pages.ts';

const PROGRAMS = {
  'license-agent': runProgram,
  'license-server': (args: readonly string[], terminal: Terminal) =>
    runServerProgram(args, { terminal, env: {} }),
  'license-vendor': (args: readonly string[], terminal: Terminal) =>
    runVendor(args, { terminal, env: {}, clock: systemClock, person: undefined }),
} as const;
type Program = keyof typeof PROGRAMS;

interface Help {
  readonly commands: readonly string[];
  readonly options: readonly string[];
}

const known = new Map<string, Promise<Help>>();

/** What `--help` of a command lists. */
function helpOf(program: Program, path: readonly string[]): Promise<Help> {
  const key = [program, ...path].join(' ');
  const help = known.get(key) ?? readHelp(program, path);
  known.set(key, help);
  return help;
}

async function readHelp(program: Program, path: readonly string[]): Promise<Help> {
  let stdout = '';
  const terminal: Terminal = {
    language: 'en',
    json: false,
    out: (text) => {
      stdout += text;
    },
    err: () => {},
  };
  await PROGRAMS[program]([...path, '--help'], terminal);
  const [before = '', after = ''] = stdout.split('\nCommands:\n');
  return {
    commands: [...after.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name),
    options: [...before.matchAll(/(--[a-z-]+)/g)].map(([, name = '']) => name),
  };
}

/** Command lines of the three programs in a page: in its blocks and in its code spans. */
function commandLinesOf(page: Page): { program: Program; words: string[] }[] {
  const lines = page.blocks
    .filter(({ language }) => language === 'sh' || language === 'console')
    .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'));
  return [...lines, ...spansOf(page)].flatMap((line) =>
    [...line.matchAll(/(?:^|[\s(])(license-(?:agent|server|vendor))(?=\s|$)([^|;&>)]*)/g)].map(
      ([, program, rest = '']) => ({
        program: program as Program,
        words: rest
          .replaceAll(/"[^"]*"|'[^']*'/g, 'VALUE')
          .split(/\s+/)
          .filter(Boolean),
      }),
    ),
  );
}

/** What a command line names that the program does not have. */
async function unknownIn(program: Program, words: readonly string[]): Promise<string[]> {
  const path: string[] = [];
  let help = await helpOf(program, path);
  const options = new Set(help.options);
  for (const word of words) {
    if (!/^[a-z][a-z-]*$/.test(word) || help.commands.length === 0) break;
    if (!help.commands.includes(word)) return [[program, ...path, word].join(' ')];
    path.push(word);
    help = await helpOf(program, path);
    for (const option of help.options) options.add(option);
  }
  return words
    .filter((word) => word.startsWith('--') && !options.has(word))
    .map((option) => [program, ...path, option].join(' '));
}

test.each(allPages())('commands and options that $name shows are in --help', async (page) => {
  const unknown = await Promise.all(
    commandLinesOf(page).map(({ program, words }) => unknownIn(program, words)),
  );
  expect(unknown.flat()).toEqual([]);
});
