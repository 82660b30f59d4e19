import { parseArgs } from 'node:util';
import type { ExitCode } from '#core/error-table.ts';
import type { Terminal } from '#core/host/cli.ts';

/**
 * Runs the command that the arguments name. `check` and `status` are asked by applications again and again:
 * they skip the command line parser and load only what asks the daemon. Source: design, Commands.
 *
 * @throws `usage`, and whatever the command throws
 */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [command, ...args] = argv;
  if (command === 'check' || command === 'status') {
    const options = hotOptions(args, command === 'check');
    if (options !== undefined) {
      return command === 'check'
        ? (await import('./commands/check.ts')).check(options, terminal)
        : (await import('./commands/status.ts')).status(options, terminal);
    }
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(argv, terminal);
}

/** The options of a hot command; undefined where there is something to explain, which the parser does better. */
function hotOptions(args: string[], takesMedia: boolean) {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args,
      options: { json: { type: 'boolean' }, config: text, socket: text, ...(takesMedia && { media: text }) },
    });
    return values as { config?: string; socket?: string; media?: string };
  } catch {
    return undefined;
  }
}
