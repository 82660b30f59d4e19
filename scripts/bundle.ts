import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** The programs, by the name they are delivered under. */
const ENTRIES = {
  'license-agent': 'agent/main.ts',
  'license-server': 'server-stub/main.ts',
  'license-vendor': 'server-stub/vendor/main.ts',
} as const;

/**
 * Bundles a program into one file, as it is delivered: only what is used of each package, evaluated when first
 * used. The native SQLite addon stays outside.
 *
 * @returns the file
 */
export async function bundle(program: keyof typeof ENTRIES, outFolder: string): Promise<string> {
  const outfile = join(outFolder, `${program}.cjs`);
  await build({
    entryPoints: [join(ROOT, ENTRIES[program])],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    // CommonJS: importing a built-in module as ESM evaluates its lazy parts, which costs a command milliseconds.
    format: 'cjs',
    target: 'node26',
    external: ['better-sqlite3'],
    logLevel: 'error',
  });
  return outfile;
}
