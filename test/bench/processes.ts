import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface StartedProcess {
  readonly child: ChildProcess;
  /** The first line on stdout. */
  readonly line: string;
  stop(): Promise<void>;
}

/** Starts a process of this Node and waits for its first line. */
export async function startNode(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<StartedProcess> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  };
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream }))
    return { child, line, stop };
  throw new Error(`${args.join(' ')} ended before it said a word`);
}
