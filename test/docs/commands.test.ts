import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { requireDebianProgram } from '../support/debian.ts';
import { allPages, ROOT, readPage } from './pages.ts';

/**
 * Every `sh` block is run as it stands: the blocks of a page make one script, in the repository, with a home
 * folder of its own. Two things differ from a reader's shell: 8443 and 8480 are free ports, and what was started in
 * the background is ended with the script. What cannot be run so is fenced as `console`.
 */
const README = blocksOf('README.md');
const PAGES = {
  // Its first block puts the programs on the PATH.
  'docs/operations.md': [...README.slice(0, 1), ...blocksOf('docs/operations.md')],
  // These go on where the README ends, with a server and an agent that run; so all of it is run, too.
  'docs/integration.md': [...README, ...blocksOf('docs/integration.md')],
  'docs/devices.md and docs/local-api.md': [
    ...README,
    ...blocksOf('docs/devices.md'),
    ...blocksOf('docs/local-api.md'),
  ],
};
/** Of the ports that the pages name. */
const PORTS = ['8443', '8480'];
/** Some seconds on a machine of its own; beside other tests on two cores, minutes. */
const TIME_LIMIT_MS = 600_000;
const MOST_CONSOLE_BLOCKS = 8;

function blocksOf(name: string): string[] {
  return readPage(name).blocks.flatMap(({ language, text }) => (language === 'sh' ? [text] : []));
}

/** Ports that nobody listens on, all different. */
async function freePorts(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => String((server.address() as { port: number }).port));
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

/** Runs a script in a process group of its own, which ends with it. */
async function runScript(script: string, home: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-c', script], {
    cwd: ROOT,
    env: {
      PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}`,
      HOME: home,
      LANG: 'C.UTF-8',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  const timer = setTimeout(endGroup, TIME_LIMIT_MS - 10_000);
  try {
    const [code] = await once(child, 'exit');
    return { code, output };
  } finally {
    clearTimeout(timer);
    endGroup();
  }
}

beforeAll(() => {
  requireDebianProgram('curl');
}, TIME_LIMIT_MS);

test.concurrent.each(Object.entries(PAGES))(
  'the commands of %s run as written',
  async (_name, blocks) => {
    const home = mkdtempSync(join(tmpdir(), 'license-docs-'));
    try {
      const free = await freePorts(PORTS.length);
      const script = [
        'set -euo pipefail',
        `trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT`,
        'set -x',
        ...blocks,
      ];
      const ownPorts = script
        .join('\n')
        .replaceAll(new RegExp(PORTS.join('|'), 'g'), (port) => free[PORTS.indexOf(port)] ?? port);
      const { code, output } = await runScript(ownPorts, home);
      expect(code, output).toBe(0);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
  TIME_LIMIT_MS,
);

test('blocks that are shown but not run are few', () => {
  const english = allPages().filter(({ name }) => !name.endsWith('.zh.md'));
  const shown = english.flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'console'));
  expect(shown.length).toBeLessThanOrEqual(MOST_CONSOLE_BLOCKS);
});

test('only pages whose commands are run have sh blocks', () => {
  const run = ['README.md', ...Object.keys(PAGES).flatMap((names) => names.split(' and '))];
  const others = allPages().filter(({ name }) => !run.includes(name) && !name.endsWith('.zh.md'));
  expect(others.flatMap(({ name, blocks }) => (blocks.some((b) => b.language === 'sh') ? name : []))).toEqual(
    [],
  );
});
