import type { Command } from 'commander';
import type { ExitCode } from '#core/error-table.ts';
import type { Language } from '#core/errors.ts';
import { usageError } from '#core/host/cli.ts';
import type { CommandContext } from '../commands/context.ts';

/** What the commands are added with. */
export interface Setting {
  readonly program: Command;
  readonly language: Language;
  /** A command's action: its work, given the configuration, and its exit code kept. */
  run<A extends unknown[]>(
    work: (context: CommandContext, ...args: A) => Promise<ExitCode>,
  ): (...args: A) => Promise<void>;
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, list: readonly string[] = []): string[] {
  return [...list, value];
}

/** Reads a whole number from 1. */
export function wholeNumber(option: string, most: number) {
  return wholeNumberFrom(1, option, most);
}

/** Reads a whole number. */
export function wholeNumberFrom(least: 0 | 1, option: string, most: number) {
  return (text: string): number => {
    const number = /^(0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw usageError({
      en: `${option}: "${text}" is not a whole number from ${least} to ${most}`,
      zh: `${option}：“${text}”不是 ${least} 到 ${most} 的整数`,
    });
  };
}

/** Reads one of a few words. */
export function oneOf<Word extends string>(option: string, words: readonly Word[]) {
  return (text: string): Word => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw usageError({
      en: `${option}: "${text}" is none of ${words.join(', ')}`,
      zh: `${option}：“${text}”应为 ${words.join('、')} 之一`,
    });
  };
}
