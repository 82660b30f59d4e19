import type { ExitCode } from '#core/error-table.ts';
import { fail } from '#core/host/cli.ts';
import { createProgram, runCommandLine } from '#core/host/command-line.ts';
import type { CommandContext } from './commands/context.ts';
import { CONFIG_FILE, loadServerConfig } from './config.ts';
import { addAlerts } from './program/alerts.ts';
import { addAnswer } from './program/answer.ts';
import { addApp } from './program/app.ts';
import { addAudit } from './program/audit.ts';
import { addClock } from './program/clock.ts';
import { addCompany } from './program/company.ts';
import { addCredentials } from './program/credentials.ts';
import { addEnrollment } from './program/enrollment.ts';
import { addLicense } from './program/license.ts';
import { addPreauthorization } from './program/preauthorization.ts';
import { addQuota } from './program/quota.ts';
import { addReport } from './program/report.ts';
import { addSetUp } from './program/set-up.ts';
import type { Setting } from './program/setting.ts';
import { addUsers } from './program/users.ts';

const NAME = 'license-server';

/** Groups of commands, in the order of the help. */
const GROUPS = [
  addSetUp,
  addEnrollment,
  addCredentials,
  addCompany,
  addQuota,
  addApp,
  addLicense,
  addPreauthorization,
  addAnswer,
  addReport,
  addUsers,
  addAlerts,
  addAudit,
  addClock,
];

/** Runs `license-server` with its arguments and gives the exit code. */
export async function runServerProgram(
  args: readonly string[],
  context: Omit<CommandContext, 'config'>,
): Promise<ExitCode> {
  const { terminal, env } = context;
  const texts = TEXTS[terminal.language];
  const program = createProgram(NAME, texts.about, terminal).option(
    '--config <FILE>',
    texts.config(CONFIG_FILE),
  );
  let exit: ExitCode = 0;
  const setting: Setting = {
    program,
    language: terminal.language,
    run:
      (work) =>
      async (...given) => {
        const config = loadServerConfig(program.opts<{ config?: string }>().config, env);
        exit = await work({ ...context, config }, ...given);
      },
  };
  for (const add of GROUPS) add(setting);

  try {
    await runCommandLine(program, args);
    return exit;
  } catch (thrown) {
    return fail(terminal, NAME, thrown);
  }
}

const TEXTS = {
  en: {
    about: 'On-prem license server: hands out the licenses that a vendor granted, never one too many.',
    config: (file: string) => `configuration, TOML (default: ${file} where it exists)`,
  },
  zh: {
    about: '本地部署的许可证服务器：发放厂商授权的许可证，绝不超发。',
    config: (file: string) => `配置文件（TOML；默认 ${file}，如存在）`,
  },
};
