import type { ExitCode } from '#core/error-table.ts';
import type { Terminal } from '#core/host/cli.ts';
import { createProgram, runCommandLine } from '#core/host/command-line.ts';
import type { AskOptions } from './commands/ask.ts';
import type { DoctorOptions } from './commands/doctor.ts';
import type { RequestOptions } from './commands/request.ts';
import type { StatusOptions } from './commands/status.ts';
import { type CommonOptions, DEFAULT_CONFIG_FILE } from './options.ts';
import { programTexts } from './program-texts.ts';
import type { Asked } from './refresher.ts';

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
  const ask =
    (purpose: Asked['purpose']) => async (options: Omit<Asked, 'purpose'> & AskOptions & { to?: string }) => {
      const { to, ...asked } = options;
      const wish = { purpose, toLicenseKey: to, renewId: asked.renewId };
      return (await import('./commands/ask.ts')).ask(wish, options, terminal);
    };
  program
    .command('activate')
    .description(texts.activate)
    .action(run(ask('activate')));
  program
    .command('refresh')
    .description(texts.refresh)
    .action(run(ask('refresh')));
  program
    .command('renew')
    .description(texts.renew)
    .option('--renew-id <ID>', texts.renewId)
    .action(run(ask('renew')));
  program
    .command('transfer')
    .description(texts.transfer)
    .requiredOption('--to <LICENSE_KEY>', texts.to)
    .option('--yes', texts.yes)
    .action(run(ask('transfer')));
  program
    .command('release')
    .description(texts.release)
    .option('--yes', texts.yes)
    .action(run(ask('release')));
  program
    .command('request')
    .description(texts.request)
    .option('--purpose <PURPOSE>', texts.purpose)
    .option('--to <LICENSE_KEY>', texts.to)
    .option('--renew-id <ID>', texts.renewId)
    .option('--license-key <KEY...>', texts.licenseKey)
    .option('--out <FILE>', texts.requestFile, 'license-request.json')
    .option('--qr', texts.qr)
    .action(
      run(async (options: RequestOptions) =>
        (await import('./commands/request.ts')).request(options, terminal),
      ),
    );
  program
    .command('import')
    .description(texts.import)
    .argument('<FILE>', texts.answerFile)
    .action((file: string, given: object) =>
      run(async (options) => (await import('./commands/import.ts')).importAnswers(file, options, terminal))(
        given,
      ),
    );
  program
    .command('status')
    .description(texts.status)
    .option('--socket <PATH>', texts.socket)
    .option('--watch', texts.watch)
    .action(
      run(async (options: StatusOptions) => (await import('./commands/status.ts')).status(options, terminal)),
    );
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

  program
    .command('doctor')
    .description(texts.doctor)
    .option('--bundle <FILE>', texts.bundle)
    .option('--with-identity', texts.withIdentity)
    .action(
      run(async (options: DoctorOptions) => (await import('./commands/doctor.ts')).doctor(options, terminal)),
    );

  await runCommandLine(program, argv);
  return exit;
}
