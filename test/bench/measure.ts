import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** One figure beside its limit, both measured in this run. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
  /** What the limit is. */
  readonly limitIs: string;
  /** value / limit. */
  readonly ratio: number;
  /** The ratio we are out to reach, and on which side of it is good. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number };
}

export interface BenchOptions {
  /** Fewer and shorter rounds. */
  readonly quick: boolean;
  /** Folder that charts are written to. */
  readonly charts?: string | undefined;
  /** Says what is going on; a bench takes a while. */
  progress(text: string): void;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** A result whose figures are the medians of rounds that alternated, so that drift of the machine hits both. */
export function resultOf(
  result: Omit<Result, 'value' | 'limit' | 'ratio'>,
  rounds: readonly { readonly value: number; readonly limit: number }[],
): Result {
  const value = median(rounds.map((round) => round.value));
  const limit = median(rounds.map((round) => round.limit));
  const ratio = median(rounds.map((round) => round.value / round.limit));
  const { name, unit, limitIs, goal } = result;
  return { name, value: round(value), unit, limit: round(limit), limitIs, ratio: round(ratio, 3), goal };
}

/** Wall time of a command from start to exit, in milliseconds. */
export async function timeCommand(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const start = performance.now();
  const child = spawn(command, args, { env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return performance.now() - start;
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

export function p99(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;
}

/** The highest resident memory of a process, from now on. */
export class PeakMemory {
  peakMiB: number;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.peakMiB = residentMiB(pid);
    this.#timer = setInterval(() => {
      this.peakMiB = Math.max(this.peakMiB, residentMiB(pid));
    }, 50);
  }

  stop(): number {
    clearInterval(this.#timer);
    return this.peakMiB;
  }
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
