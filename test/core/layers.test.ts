import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve('.');

/** Sources below a folder, relative to the repository; the console is a build of its own. */
function sourcesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|tsx)$/.test(file) && !file.includes('node_modules'))
    .map((file) => join(folder, file).split(sep).join('/'));
}

/** What a source imports, as paths from the repository for its own files and as names for packages. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const specifiers = text.matchAll(
    /^\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'|\brequire\(\s*'([^']+)'/gm,
  );
  return [...specifiers].map((match) => {
    const specifier = match.slice(1).find((group) => group !== undefined) ?? '';
    if (specifier.startsWith('#core/')) return specifier.slice(1);
    if (!specifier.startsWith('.')) return specifier;
    return relative(ROOT, resolve(ROOT, dirname(file), specifier))
      .split(sep)
      .join('/');
  });
}

const OWN = /^(agent|core|scripts|server-stub|test)\//;

/** Imports of the repository's own files from `folder` that lie outside all `allowed`. */
function strayImports(folder: string, ...allowed: string[]): string[] {
  return sourcesOf(folder).flatMap((file) =>
    importsOf(file)
      .filter((target) => OWN.test(target) && !allowed.some((prefix) => target.startsWith(`${prefix}/`)))
      .map((target) => `${file} → ${target}`),
  );
}

test('imports are found at all', () => {
  expect(importsOf('core/documents/answer.ts')).toEqual(
    expect.arrayContaining(['typebox', 'core/errors.ts', 'core/documents/terms.ts']),
  );
  expect(importsOf('test/support/world.ts')).toContain('core/keys.ts');
  expect(sourcesOf('core').length).toBeGreaterThan(25);
  expect(sourcesOf('server-stub').some((file) => file.startsWith('server-stub/vendor/'))).toBe(true);
});

test('core imports only packages and itself', () => {
  expect(strayImports('core', 'core')).toEqual([]);
});

test('core does no I/O but in host/', () => {
  const io =
    /^(node:)?(fs|fs\/promises|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|cluster)$|^(better-sqlite3|undici|pino|fastify|kysely)$/;
  const found = sourcesOf('core')
    .filter((file) => !file.startsWith('core/host/'))
    .flatMap((file) => importsOf(file).map((target) => ({ file, target })))
    .filter(({ target }) => io.test(target));
  expect(found).toEqual([]);
});

test('agent and server never import each other, nor tests or scripts', () => {
  expect(strayImports('agent', 'agent', 'core')).toEqual([]);
  expect(strayImports('server-stub', 'server-stub', 'core')).toEqual([]);
});

test("the vendor's tool imports only core and itself, and the server nothing of it", () => {
  expect(strayImports('server-stub/vendor', 'server-stub/vendor', 'core')).toEqual([]);
  const reached = sourcesOf('server-stub')
    .filter((file) => !file.startsWith('server-stub/vendor/'))
    .flatMap((file) => importsOf(file).map((target) => `${file} → ${target}`))
    .filter((line) => line.includes('→ server-stub/vendor/'));
  expect(reached).toEqual([]);
});

test('what applications import, agent/client.ts and agent/client/, imports core and itself alone', () => {
  const files = sourcesOf('agent').filter((file) => /^agent\/client(\.ts$|\/)/.test(file));
  const strays = files
    .flatMap(importsOf)
    .filter((target) => OWN.test(target) && !/^(core|agent\/client)\//.test(target));
  expect(files).toContain('agent/client.ts');
  expect(strays).toEqual([]);
});

test('no source climbs into core by a relative path', () => {
  const climbing = ['agent', 'server-stub']
    .flatMap(sourcesOf)
    .filter((file) => /from '(\.\.\/)+core\//.test(readFileSync(join(ROOT, file), 'utf8')));
  expect(climbing).toEqual([]);
});

test('scripts import no test', () => {
  expect(strayImports('scripts', 'scripts', 'core', 'agent', 'server-stub')).toEqual([]);
});
