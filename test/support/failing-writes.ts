import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Every way by which our programs write a file or folder of theirs. */
const WRITES = [
  'writeFileSync',
  'renameSync',
  'linkSync',
  'mkdirSync',
  'rmSync',
  'ftruncateSync',
  'fsyncSync',
] as const;

export interface FailingWrites {
  /** Which write fails, from 1. */
  readonly at: number;
  /** That one alone, as on a failing disk; or it and all that follow, as where the process was killed. */
  readonly which: 'one' | 'all from there';
  /** How much of its text gets through. */
  readonly cut: 'half' | 'all but its end';
}

/**
 * Does work in this process during which a write fails: of a text a part is written, of anything else nothing.
 *
 * @returns whether there were as many writes
 */
export async function withFailingWrites(
  { at, which, cut }: FailingWrites,
  work: () => unknown,
): Promise<boolean> {
  let count = 0;
  const originals = WRITES.map((name) => [name, fs[name]] as const);
  for (const [name, original] of originals) {
    const failing = (...args: unknown[]) => {
      count += 1;
      if (count === at && name === 'writeFileSync') {
        const text = Buffer.from(args[1] as string | Uint8Array);
        original(args[0] as never, text.subarray(0, cut === 'half' ? text.length / 2 : -1) as never);
      }
      if (count === at || (count > at && which === 'all from there'))
        throw Object.assign(new Error(`EIO: ${name}`), { code: 'EIO' });
      return Reflect.apply(original, fs, args);
    };
    Object.assign(fs, { [name]: failing });
  }
  syncBuiltinESMExports();
  try {
    await work();
  } catch {
    // What is left of it is what the test looks at.
  } finally {
    Object.assign(fs, Object.fromEntries(originals));
    syncBuiltinESMExports();
  }
  return count >= at;
}
