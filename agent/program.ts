import type { ExitCode } from '#core/error-table.ts';
import type { Terminal } from '#core/host/cli.ts';
import { createProgram, runCommandLine } from '#core/host/command-line.ts';
import { type CommonOptions, DEFAULT_CONFIG_FILE } from './options.ts';
import { programTexts } from './program-texts.ts';

/**
 * The whole command line, with its help.
 *
 * @throws `usage`, and whatever the command throws
 */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const texts = programTexts[terminal.language];
  const program = createProgram('license-agent', texts.program, terminal).option(
    '--config <FILE>',
    `${texts.config} (${DEFAULT_CONFIG_FILE})`,
  );
  let exit: ExitCode = 0;
  /** A command's action: its work, given its options and those of the program, and its exit code kept. */
  const run =
    <O>(work: (options: O & CommonOptions) => Promise<ExitCode>) =>
    async (options: O): Promise<void> => {
      exit = await work({ ...options, ...program.opts<CommonOptions>() });
    };

  program
    .command('run')
    .description(texts.run)
    .action(run(async (options) => (await import('./commands/run.ts')).run(options, terminal)));
  program
    .command('enroll')
    .description(texts.enroll)
    .argument('<FILE>', texts.enrollmentFile)
    .action((file: string, given: object) =>
      run(async (options) => (await import('./commands/enroll.ts')).enroll(file, options, terminal))(given),
    );
  program
    .command('activate')
    .description(texts.activate)
    .action(run(async (options) => (await import('./commands/activate.ts')).activate(options, terminal)));
  program
    .command('refresh')
    .description(texts.refresh)
    .action(run(async (options) => (await import('./commands/refresh.ts')).refresh(options, terminal)));
  program
    .command('status')
    .description(texts.status)
    .option('--socket <PATH>', texts.socket)
    .action(run(async (options) => (await import('./commands/status.ts')).status(options, terminal)));
  program
    .command('check')
    .description(texts.check)
    .option('--media <MEDIA>', texts.media)
    .option('--socket <PATH>', texts.socket)
    .action(
      run(async (options: { media?: string }) =>
        (await import('./commands/check.ts')).check(options, terminal),
      ),
    );
  program
    .command('identity')
    .description(texts.identity)
    .option('--collect', texts.collect)
    .action(
      run(async (options: { collect?: boolean }) =>
        (await import('./commands/identity.ts')).identity(options, terminal),
      ),
    );

  await runCommandLine(program, argv);
  return exit;
}
