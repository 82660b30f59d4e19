import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const ROOT = join(import.meta.dirname, '..');
const PROGRAMS = {
  'license-vendor': join(ROOT, 'server-stub/vendor/main.ts'),
  'license-server': join(ROOT, 'server-stub/main.ts'),
  'license-agent': join(ROOT, 'agent/main.ts'),
} as const;
type Program = keyof typeof PROGRAMS;
type Child = ChildProcessByStdio<null, Readable, Readable>;

/** How long a program may take to end by itself. */
const STOP_MS = 5_000;

interface DemoProcessesOptions {
  readonly folder: string;
  readonly say: (text: string) => void;
  readonly logToStderr: boolean;
}

/** Every process that the demo started, until it has exited. */
export class DemoProcesses {
  readonly #options: DemoProcessesOptions;
  readonly #ending = new AbortController();
  readonly #exits = new Map<Child, Promise<void>>();

  constructor(options: DemoProcessesOptions) {
    this.#options = options;
  }

  /** True once `end` was called: nothing is started after that. */
  get ending(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Runs a command as a person would, shows it, and gives its JSON answer. */
  async run<T extends object>(program: Program, ...args: string[]): Promise<T> {
    this.#show(`${program} ${args.map((arg) => (/[ ,=~]/.test(arg) ? `'${arg}'` : arg)).join(' ')}`);
    const child = this.#spawn(program, args);
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      this.#exits.get(child),
    ]);
    this.#ending.signal.throwIfAborted();
    if (child.exitCode !== 0)
      throw new Error(stdout || stderr || `${program} ended: ${child.signalCode ?? child.exitCode}`);
    return JSON.parse(stdout);
  }

  /** Starts a program that keeps running; its log is dropped once it is ready, or goes to stderr. */
  async start(program: Program, ...args: string[]): Promise<{ child: Child; ready: { url: string } }> {
    this.#show(`${program} ${args.join(' ')} &`);
    const child = this.#spawn(program, args);
    const log: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) =>
      this.#options.logToStderr ? process.stderr.write(chunk) : log.push(chunk),
    );
    for await (const line of createInterface({ input: child.stdout })) {
      this.#ending.signal.throwIfAborted();
      const ready = JSON.parse(line);
      if ('error' in ready) throw new Error(line);
      return { child, ready };
    }
    throw new Error(`${program} ended: ${Buffer.concat(log)}`);
  }

  /** Asks a program to end, and makes it when it does not; returns when it has exited. */
  async stop(child: Child): Promise<void> {
    const exit = this.#exits.get(child);
    if (exit === undefined) return;
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exit;
    clearTimeout(force);
  }

  /** Ends every program; returns when all have exited. */
  async end(): Promise<void> {
    this.#ending.abort(new Error('the demo is ending'));
    await Promise.all([...this.#exits.keys()].map((child) => this.stop(child)));
  }

  #show(command: string): void {
    this.#options.say(`  $ ${command}`.replaceAll(`${this.#options.folder}/`, ''));
  }

  #spawn(program: Program, args: string[]): Child {
    this.#ending.signal.throwIfAborted();
    const child = spawn(process.execPath, [PROGRAMS[program], ...args, '--json'], {
      env: { ...process.env, NODE_COMPILE_CACHE: join(this.#options.folder, 'compile-cache') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exit = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve()); // It could not be started at all.
    });
    this.#exits.set(
      child,
      exit.then(() => void this.#exits.delete(child)),
    );
    return child;
  }
}
