import { Command, CommanderError, Help, type Option } from 'commander';
import type { Bilingual } from '../errors.ts';
import { type Terminal, usageError } from './cli.ts';
import { similarWord } from './similar-word.ts';
import { VERSION } from './version.ts';

/**
 * A program, to which its commands are added. Its options (`--json`, and those added to it) are taken anywhere on
 * the line and shown in the help of every command.
 */
export function createProgram(name: string, description: string, terminal: Terminal): Command {
  const words = WORDS[terminal.language];
  const program = new Command(name);
  const help = new Help();
  return (
    program
      .description(description)
      .option('--json', words.json)
      .version(VERSION, '-V, --version', words.version)
      .helpOption('-h, --help', words.help)
      .helpCommand(words.helpCommand, words.help)
      .configureHelp({
        showGlobalOptions: true,
        visibleGlobalOptions: (command) =>
          command === program ? [] : program.options.filter(({ long }) => long !== '--version'),
        styleTitle: (title) => words.titles[title] ?? title,
        optionDescription: (option) => words.option(option),
        commandUsage: (command) => words.usage(help.commandUsage(command)),
        subcommandTerm: (command) => words.usage(help.subcommandTerm(command)),
      })
      // What is wrong with the line is said by `fail`, once and in the reader's language.
      .configureOutput({ writeOut: terminal.out, writeErr: () => {} })
      .exitOverride()
  );
}

/**
 * For a command that is only the common name of others: alone it is a fault of usage that names them. Called when
 * it has them all, since each takes over what was set before.
 */
export function requireSubcommand(group: Command): void {
  group.allowExcessArguments().action((_options: unknown, { args: [word] }: Command) => {
    const names = group.commands.map((command) => command.name());
    const meant = word === undefined ? undefined : similarWord(word, names);
    const hint =
      meant === undefined
        ? { en: '', zh: '' }
        : { en: `; did you mean ${meant}?`, zh: `；是否为 ${meant}？` };
    throw usageError({
      en: `${word === undefined ? 'a command is missing' : `there is no command "${word}"`}${hint.en || ';'} ${pathOf(group)} has: ${names.join(', ')}`,
      zh: `${word === undefined ? '缺少命令' : `没有命令“${word}”`}${hint.zh || '；'}${pathOf(group)} 的命令：${names.join('、')}`,
    });
  });
}

/**
 * Runs the command that the arguments name; help and version are printed and are no error.
 *
 * @param args without the program's own name
 * @throws `usage`, and whatever the command throws
 */
export async function runCommandLine(program: Command, args: readonly string[]): Promise<void> {
  requireSubcommand(program);
  if (args.some((word) => HELP_WORDS.includes(word))) {
    // Not for commands that help nobody: it costs the agent's daemon 3 MiB.
    const { default: displayWidth } = await import('string-width');
    Object.assign(program.configureHelp(), { displayWidth });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode !== 0) throw usageError(problemOf(thrown));
  }
}

const HELP_WORDS: readonly string[] = ['help', '-h', '--help'];

/** `license-server enrollment`. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** A default that a person can read: a text or a number, not an empty list. */
function readableDefault({ defaultValue }: Option): string | undefined {
  return typeof defaultValue === 'string' || typeof defaultValue === 'number'
    ? String(defaultValue)
    : undefined;
}

/** The parser's faults; `{}` is what it names in quotes. */
const PROBLEMS_ZH: Readonly<Record<string, string>> = {
  'commander.unknownOption': '未知选项 {}',
  'commander.unknownCommand': '未知命令 {}',
  'commander.missingArgument': '缺少参数 {}',
  'commander.missingMandatoryOptionValue': '缺少必需的选项 {}',
  'commander.optionMissingArgument': '选项缺少值 {}',
  'commander.conflictingOption': '选项不能同时使用 {}',
};

/** What the parser found, which it says in English alone. */
function problemOf({ code, message }: CommanderError): Bilingual {
  const en = message.replace(/^error: /, '');
  if (code === 'commander.excessArguments') {
    const [, words = ''] = /: (.*)\.$/s.exec(en) ?? [];
    return { en, zh: `参数过多：${words}` };
  }
  const [, name = ''] = /'([^']*)'/.exec(en) ?? [];
  const [, similar] = /\(Did you mean (?:one of )?(.+)\?\)/.exec(en) ?? [];
  const hint = similar === undefined ? '' : `；是否为 ${similar.replaceAll(', ', '、')}？`;
  return { en, zh: `${(PROBLEMS_ZH[code] ?? '命令行有误 {}').replace('{}', () => name).trimEnd()}${hint}` };
}

/** What each program says of itself. */
const WORDS = {
  en: {
    help: 'show help',
    helpCommand: 'help [COMMAND]',
    usage: (line: string) => line,
    version: 'show the version',
    json: 'one line of JSON on stdout, faults included',
    titles: {} as Readonly<Record<string, string>>,
    option(option: Option) {
      const value = readableDefault(option);
      const required = option.mandatory ? ' (required)' : '';
      return `${option.description}${required}${value === undefined ? '' : ` (default: ${value})`}`;
    },
  },
  zh: {
    help: '显示帮助',
    helpCommand: 'help [命令]',
    usage: (line: string) => line.replace('[options]', '[选项]').replace('[command]', '[命令]'),
    version: '显示版本',
    json: '以一行 JSON 输出到标准输出，包括错误',
    titles: {
      'Usage:': '用法：',
      'Arguments:': '参数：',
      'Options:': '选项：',
      'Global Options:': '通用选项：',
      'Commands:': '命令：',
    } as Readonly<Record<string, string>>,
    option(option: Option) {
      const value = readableDefault(option);
      const required = option.mandatory ? '（必填）' : '';
      return `${option.description}${required}${value === undefined ? '' : `（默认 ${value}）`}`;
    },
  },
};
