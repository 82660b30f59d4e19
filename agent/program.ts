import { Command, CommanderError } from 'commander';
import type { ExitCode } from '#core/error-table.ts';
import { type Terminal, usageError } from '#core/host/cli.ts';
import type { CommonOptions } from './sockets.ts';
import { DEFAULT_CONFIG_FILE } from './sockets.ts';
import { AGENT_VERSION } from './version.ts';

/**
 * The whole command line, with its help.
 *
 * @throws `usage`, and whatever the command throws
 */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exit: ExitCode = 0;
  const program = new Command('license-agent')
    .description('Keeps the license of this device, and answers whether audio and video may be used.')
    .version(AGENT_VERSION);

  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option('--config <file>', `configuration file (default: ${DEFAULT_CONFIG_FILE} where it exists)`)
      .option('--json', 'one line of JSON instead of text');

  command('run', 'run the daemon in the foreground').action(async (options: CommonOptions) => {
    exit = await (await import('./commands/run.ts')).run(options, terminal);
  });
  command('enroll', 'enroll this device with a file of its license server')
    .argument('<file>')
    .action(async (file: string, options: CommonOptions) => {
      exit = await (await import('./commands/enroll.ts')).enroll(file, options, terminal);
    });
  command('activate', 'ask the server for a license').action(async (options: CommonOptions) => {
    exit = await (await import('./commands/activate.ts')).activate(options, terminal);
  });
  command('refresh', 'fetch a newer license token now').action(async (options: CommonOptions) => {
    exit = await (await import('./commands/refresh.ts')).refresh(options, terminal);
  });
  command('status', 'show the license of this device')
    .option('--socket <path>', 'socket of the daemon')
    .action(async (options: CommonOptions) => {
      exit = await (await import('./commands/status.ts')).status(options, terminal);
    });
  command('check', 'exit 0 where this device is licensed')
    .option('--media <audio|video>', 'ask about one medium')
    .option('--socket <path>', 'socket of the daemon')
    .action(async (options: CommonOptions & { media?: string }) => {
      exit = await (await import('./commands/check.ts')).check(options, terminal);
    });
  command('identity', 'show what this machine is recognised by')
    .option('--collect', 'write it to the identity file, as a privileged step before the daemon')
    .action(async (options: CommonOptions & { collect?: boolean }) => {
      exit = await (await import('./commands/identity.ts')).identity(options, terminal);
    });

  for (const each of [program, ...program.commands]) {
    each.exitOverride().configureOutput({ writeOut: terminal.out, writeErr: () => {} });
  }
  try {
    if (argv.length === 0) program.error('a command is missing');
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // --help and --version end this way too.
    if (thrown.exitCode !== 0) throw usageError(thrown.message);
  }
  return exit;
}
