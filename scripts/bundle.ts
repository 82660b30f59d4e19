import { basename, join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/** The programs, by the name they are delivered under. */
const ENTRIES = {
  'license-agent': 'agent/main.ts',
  'license-server': 'server-stub/main.ts',
  'license-vendor': 'server-stub/vendor/main.ts',
} as const;

/** What the agent's hot command loads while the daemon answers; all else waits in a second file. */
const HOT_MODULES: readonly string[] = ['agent/commands/check.ts'];

const SHARED: BuildOptions = {
  bundle: true,
  minify: true,
  platform: 'node',
  // CommonJS: importing a built-in module as ESM evaluates its lazy parts, which costs a command milliseconds.
  format: 'cjs',
  target: 'node26',
  external: ['better-sqlite3'],
  logLevel: 'error',
};

/**
 * Bundles a program, as it is delivered: only what is used of each package, evaluated when first used. The native
 * SQLite addon stays outside.
 *
 * @returns the file to run
 */
export async function bundle(program: keyof typeof ENTRIES, outFolder: string): Promise<string> {
  const outfile = join(outFolder, `${program}.cjs`);
  const entryPoints = [join(ROOT, ENTRIES[program])];
  if (program !== 'license-agent') {
    await build({ ...SHARED, entryPoints, outfile });
    return outfile;
  }
  const rest = join(outFolder, `${program}-rest.cjs`);
  const waiting = new Set<string>();
  await build({ ...SHARED, entryPoints, outfile, plugins: [putOff(waiting, rest)] });
  const contents = [...waiting].map((file) => `export * from ${JSON.stringify(file)};`).join('\n');
  await build({ ...SHARED, stdin: { contents, resolveDir: ROOT, loader: 'ts' }, outfile: rest });
  return outfile;
}

/** Bundles one file in the same way, for a bench that measures it. */
export async function bundleFile(entry: string, outfile: string): Promise<void> {
  await build({ ...SHARED, entryPoints: [entry], outfile });
}

/** Leaves what is imported lazily, and is not hot, to one other file, and notes which modules that must hold. */
function putOff(waiting: Set<string>, rest: string): Plugin {
  const hot = HOT_MODULES.map((file) => join(ROOT, file));
  return {
    name: 'put-off',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ kind, path, resolveDir }) => {
        const file = resolve(resolveDir, path);
        if (kind !== 'dynamic-import' || hot.includes(file)) return undefined;
        waiting.add(file);
        return { path: `./${basename(rest)}`, external: true };
      });
    },
  };
}
