import { parseArgs } from 'node:util';
import type { ExitCode } from '#core/error-table.ts';
import { type Terminal, usageError } from '#core/host/cli.ts';

/**
 * Runs the command that the arguments name. `check` and `status` are asked by applications again and again:
 * they skip the command line parser and load only what asks the daemon. Source: design, Commands.
 *
 * @throws `usage`, and whatever the command throws
 */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [command, ...rest] = argv;
  const wantsHelp = rest.includes('--help') || rest.includes('-h');
  if (command === 'check' && !wantsHelp) {
    const { check } = await import('./commands/check.ts');
    return check(hotOptions(rest, true), terminal);
  }
  if (command === 'status' && !wantsHelp) {
    const { status } = await import('./commands/status.ts');
    return status(hotOptions(rest, false), terminal);
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(argv, terminal);
}

function hotOptions(args: string[], takesMedia: boolean) {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        json: { type: 'boolean' },
        config: text,
        socket: text,
        ...(takesMedia && { media: text }),
      },
    });
    return values as { config?: string; socket?: string; media?: string };
  } catch (cause) {
    throw usageError(cause instanceof Error ? cause.message : String(cause));
  }
}
