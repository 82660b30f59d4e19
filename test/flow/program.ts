import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { Ended } from '../support/run-here.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The programs as people run them, from source. */
export const PROGRAMS = {
  agent: join(ROOT, 'agent/main.ts'),
  server: join(ROOT, 'server-stub/main.ts'),
  vendor: join(ROOT, 'server-stub/vendor/main.ts'),
} as const;

export interface ProgramOptions {
  env?: Readonly<Record<string, string>>;
  /** A command to run the program under: `unshare -n`, `strace …`, `faketime …`. */
  under?: readonly string[];
  /** Kept open for the life of a long-running program. */
  args: readonly string[];
}

function start(program: keyof typeof PROGRAMS, { args, env = {}, under = [] }: ProgramOptions): ChildProcess {
  const [command = '', ...rest] = [...under, process.execPath, PROGRAMS[program], ...args];
  return spawn(command, rest, {
    env: { ...process.env, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs a program to its end. */
export async function run(program: keyof typeof PROGRAMS, options: ProgramOptions): Promise<Ended> {
  const child = start(program, options);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

/** A long-running program; ended with the test at the latest. */
export class Running {
  readonly child: ChildProcess;
  /** The first line of JSON it said. */
  readonly ready: Record<string, unknown>;

  private constructor(child: ChildProcess, ready: Record<string, unknown>) {
    this.child = child;
    this.ready = ready;
  }

  /** Starts a program with `--json` and waits for the line that says it is ready. */
  static async start(program: keyof typeof PROGRAMS, options: ProgramOptions): Promise<Running> {
    const child = start(program, options);
    onTestFinished(() => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr?.on('data', (chunk) => (stderr += chunk));
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      return new Running(child, JSON.parse(line));
    }
    throw new Error(`${program} ended before it was ready: ${stderr}`);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    // Under another command (strace, unshare) the program itself is meant, which says its pid.
    process.kill(Number(this.ready['pid'] ?? this.child.pid), signal);
    await exit;
  }
}
