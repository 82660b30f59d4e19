import { Command, CommanderError } from 'commander';
import type { ExitCode } from '#core/error-table.ts';
import { fail, usageError } from '#core/host/cli.ts';
import { certify } from './commands/certify.ts';
import { commonTexts } from './commands/common-texts.ts';
import { grant } from './commands/grant.ts';
import { init } from './commands/init.ts';
import { show } from './commands/show.ts';
import type { VendorContext } from './context.ts';

const NAME = 'license-vendor';

const descriptions = {
  en: "the vendor's offline tool: root keys, certificates for license servers, grants",
  zh: '厂商离线工具：根密钥、许可证服务器认证、授权签署',
};

/** Runs `license-vendor` with its arguments and gives the exit code. */
export async function runVendor(args: readonly string[], context: VendorContext): Promise<ExitCode> {
  const { terminal } = context;
  const program = new Command(NAME)
    .description(descriptions[terminal.language])
    .option('--json', commonTexts[terminal.language].json)
    .exitOverride()
    // What is wrong with the command line is said by `fail`, once and in the reader's language.
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: () => {} });
  for (const addTo of [init, certify, grant, show]) addTo(program, context);
  for (const command of program.commands) command.option('--json', commonTexts[terminal.language].json);

  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return fail(terminal, NAME, thrown);
    if (thrown.exitCode === 0) return 0;
    // Without a command commander wants to print its help, as an error that has no words of its own.
    const bare = thrown.code === 'commander.help';
    return fail(terminal, NAME, usageError(bare ? 'no command was given' : thrown.message));
  }
}
