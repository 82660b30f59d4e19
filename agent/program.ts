import { Command, CommanderError } from 'commander';
import type { ExitCode } from '#core/error-table.ts';
import { type Terminal, usageError } from '#core/host/cli.ts';
import { type CommonOptions, DEFAULT_CONFIG_FILE } from './options.ts';
import { programTexts, usageProblem, zhTitles } from './program-texts.ts';
import { AGENT_VERSION } from './version.ts';

/**
 * The whole command line, with its help.
 *
 * @throws `usage`, and whatever the command throws
 */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { language } = terminal;
  const texts = programTexts[language];
  let exit: ExitCode = 0;
  const program = new Command('license-agent')
    .description(texts.program)
    .helpCommand('help [command]', texts.help)
    .version(AGENT_VERSION, '-V, --version', texts.version);
  const command = (name: keyof typeof texts) =>
    program
      .command(name)
      .description(texts[name])
      .option('--config <FILE>', `${texts.config} (${DEFAULT_CONFIG_FILE})`)
      .option('--json', texts.json);

  command('run').action(async (options: CommonOptions) => {
    exit = await (await import('./commands/run.ts')).run(options, terminal);
  });
  command('enroll')
    .argument('<FILE>')
    .action(async (file: string, options: CommonOptions) => {
      exit = await (await import('./commands/enroll.ts')).enroll(file, options, terminal);
    });
  command('activate').action(async (options: CommonOptions) => {
    exit = await (await import('./commands/activate.ts')).activate(options, terminal);
  });
  command('refresh').action(async (options: CommonOptions) => {
    exit = await (await import('./commands/refresh.ts')).refresh(options, terminal);
  });
  command('status')
    .option('--socket <PATH>', texts.socket)
    .action(async (options: CommonOptions) => {
      exit = await (await import('./commands/status.ts')).status(options, terminal);
    });
  command('check')
    .option('--media <MEDIA>', texts.media)
    .option('--socket <PATH>', texts.socket)
    .action(async (options: CommonOptions & { media?: string }) => {
      exit = await (await import('./commands/check.ts')).check(options, terminal);
    });
  command('identity')
    .option('--collect', texts.collect)
    .action(async (options: CommonOptions & { collect?: boolean }) => {
      exit = await (await import('./commands/identity.ts')).identity(options, terminal);
    });

  for (const each of [program, ...program.commands]) {
    each
      .helpOption('-h, --help', texts.help)
      .configureHelp({ styleTitle: (title) => (language === 'zh' && zhTitles[title]) || title })
      .configureOutput({ writeOut: terminal.out, writeErr: () => {} })
      .exitOverride();
  }
  if (argv.length === 0) throw usageError(texts.commandMissing);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // --help and --version end this way too.
    if (thrown.exitCode !== 0) throw usageError(usageProblem(thrown, language));
  }
  return exit;
}
