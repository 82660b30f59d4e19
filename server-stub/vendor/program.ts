import type { ExitCode } from '#core/error-table.ts';
import { fail } from '#core/host/cli.ts';
import { createProgram, runCommandLine } from '#core/host/command-line.ts';
import { certify } from './commands/certify.ts';
import { grant } from './commands/grant.ts';
import { init } from './commands/init.ts';
import { recertify } from './commands/recertify.ts';
import { replaceRoot } from './commands/replace-root.ts';
import { report } from './commands/report.ts';
import { show } from './commands/show.ts';
import type { VendorContext } from './context.ts';

const NAME = 'license-vendor';

const descriptions = {
  en: "the vendor's offline tool: root keys, certificates for license servers, grants, usage reports",
  zh: '厂商离线工具：根密钥、许可证服务器认证、授权签署、用量报告核验',
};

/** Runs `license-vendor` with its arguments and gives the exit code. */
export async function runVendor(args: readonly string[], context: VendorContext): Promise<ExitCode> {
  const { terminal } = context;
  const program = createProgram(NAME, descriptions[terminal.language], terminal);
  for (const addTo of [init, certify, grant, report, show, replaceRoot, recertify]) addTo(program, context);
  try {
    await runCommandLine(program, args);
    return 0;
  } catch (thrown) {
    return fail(terminal, NAME, thrown);
  }
}
