import type { Command } from 'commander';
import type { ExitCode } from '#core/error-table.ts';
import type { Language } from '#core/errors.ts';
import { fail, type Terminal, usageError } from '#core/host/cli.ts';
import { createProgram, requireSubcommand, runCommandLine } from '#core/host/command-line.ts';
import type { ApplyOptions } from './commands/apply.ts';
import type { AuditOptions, VerifyOptions } from './commands/audit.ts';
import type { CommandContext } from './commands/context.ts';
import type { CredentialOptions } from './commands/credentials.ts';
import type { EnrollmentOptions } from './commands/enrollment.ts';
import type { InitOptions } from './commands/init.ts';
import { CONFIG_FILE, loadServerConfig } from './config.ts';
import { programTexts } from './program-texts.ts';

const NAME = 'license-server';

const MOST_ACTIVATIONS = 1_000_000_000;
const MOST_DAYS = 36_500;
const MOST_ROWS = 100_000;

/** What the commands are added with. */
interface Setting {
  readonly program: Command;
  readonly texts: (typeof programTexts)[Language];
  /** A command's action: its work, given the configuration, and its exit code kept. */
  run<A extends unknown[]>(
    work: (context: CommandContext, ...args: A) => Promise<ExitCode>,
  ): (...args: A) => Promise<void>;
}

/** Runs `license-server` with its arguments and gives the exit code. */
export async function runServerProgram(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const texts = programTexts[terminal.language];
  const program = createProgram(NAME, texts.program, terminal).option(
    '--config <FILE>',
    texts.config(CONFIG_FILE),
  );
  let exit: ExitCode = 0;
  const setting: Setting = {
    program,
    texts,
    run:
      (work) =>
      async (...given) => {
        const config = loadServerConfig(program.opts<{ config?: string }>().config);
        exit = await work({ terminal, config }, ...given);
      },
  };
  for (const add of [addSetUp, addEnrollment, addCredentials, addQuota, addAudit, addClock]) add(setting);

  try {
    await runCommandLine(program, args);
    return exit;
  } catch (thrown) {
    return fail(terminal, NAME, thrown);
  }
}

function addSetUp({ program, texts, run }: Setting): void {
  program
    .command('init')
    .description(texts.init.about)
    .requiredOption('--vendor-roots <FILE>', texts.init.vendorRoots)
    .option('--host <NAME>', texts.init.host, collect, [])
    .action(
      run(async (context, options: InitOptions) =>
        (await import('./commands/init.ts')).init(context, options),
      ),
    );
  program
    .command('apply')
    .description(texts.apply.about)
    .requiredOption('--cid <CID>', texts.apply.cid)
    .requiredOption('--name <NAME>', texts.apply.name)
    .requiredOption('--app <NAME[=APP_ID]>', texts.apply.app, collect)
    .option('--purchase <FIELDS>', texts.apply.purchase, collect, [])
    .option('--renewal <FIELDS>', texts.apply.renewal, collect, [])
    .option('--preallocation', texts.apply.preallocation, false)
    .requiredOption('--out <FILE>', texts.out)
    .addHelpText('after', `\n${texts.apply.after}`)
    .action(
      run(async (context, options: ApplyOptions) =>
        (await import('./commands/apply.ts')).applyForLicenses(context, options),
      ),
    );
  program
    .command('import')
    .description(texts.import.about)
    .argument('<FILE>', texts.import.file)
    .action(
      run(async (context, file: string) => (await import('./commands/import.ts')).importFile(context, file)),
    );
  program
    .command('serve')
    .description(texts.serve.about)
    .action(run(async (context) => (await import('./commands/serve.ts')).serve(context)));
}

function addEnrollment({ program, texts, run }: Setting): void {
  const group = program.command('enrollment').description(texts.enrollment.about);
  group
    .command('create')
    .description(texts.enrollment.create)
    .requiredOption('--app <APP_ID>', texts.enrollment.app)
    .requiredOption('--pid <PID>', texts.enrollment.pid)
    .requiredOption('--out <FILE>', texts.out)
    .option(
      '--max-activations <N>',
      texts.enrollment.maxActivations,
      wholeNumber('--max-activations', MOST_ACTIVATIONS),
      100,
    )
    .option('--days <N>', texts.enrollment.days, wholeNumber('--days', MOST_DAYS), 365)
    .option('--url <URL>', texts.enrollment.url, collect, [])
    .option('--ca-file <FILE>', texts.enrollment.caFile)
    .action(
      run(async (context, options: EnrollmentOptions) =>
        (await import('./commands/enrollment.ts')).createEnrollmentFile(context, options),
      ),
    );
  group
    .command('list')
    .description(texts.enrollment.list)
    .action(run(async (context) => (await import('./commands/enrollment.ts')).listEnrollments(context)));
  group
    .command('revoke')
    .description(texts.enrollment.revoke)
    .argument('<ID>', texts.enrollment.id)
    .action(
      run(async (context, id: string) =>
        (await import('./commands/enrollment.ts')).revokeEnrollmentFile(context, id),
      ),
    );
  requireSubcommand(group);
}

function addCredentials({ program, texts, run }: Setting): void {
  const group = program.command('credentials').description(texts.credentials.about);
  group
    .command('create')
    .description(texts.credentials.create)
    .requiredOption('--cid <CID>', texts.credentials.cid)
    .option('--scope <SCOPE>', texts.credentials.scope, scope, 'full')
    .action(
      run(async (context, options: CredentialOptions) =>
        (await import('./commands/credentials.ts')).create(context, options),
      ),
    );
  group
    .command('list')
    .description(texts.credentials.list)
    .action(run(async (context) => (await import('./commands/credentials.ts')).list(context)));
  group
    .command('revoke')
    .description(texts.credentials.revoke)
    .argument('<CUSTOMER_ID>', texts.credentials.customerId)
    .action(
      run(async (context, id: string) => (await import('./commands/credentials.ts')).revoke(context, id)),
    );
  requireSubcommand(group);
}

function addQuota({ program, texts, run }: Setting): void {
  program
    .command('quota')
    .description(texts.quota.about)
    .action(run(async (context) => (await import('./commands/quota.ts')).quota(context)));
}

function addAudit({ program, texts, run }: Setting): void {
  const group = program.command('audit').description(texts.audit.about).helpCommand(false);
  group
    .command('list', { isDefault: true })
    .description(texts.audit.list)
    .option('--cid <CID>', texts.audit.cid)
    .option('--limit <N>', texts.audit.limit, wholeNumber('--limit', MOST_ROWS), 50)
    .action(
      run(async (context, options: AuditOptions) =>
        (await import('./commands/audit.ts')).listAudit(context, options),
      ),
    );
  group
    .command('verify')
    .description(texts.audit.verify)
    .option('--cid <CID>', texts.audit.cid)
    .action(
      run(async (context, options: VerifyOptions) =>
        (await import('./commands/audit.ts')).verifyAudit(context, options),
      ),
    );
}

function addClock({ program, texts, run }: Setting): void {
  const group = program.command('clock').description(texts.clock.about);
  group
    .command('accept')
    .description(texts.clock.accept)
    .action(run(async (context) => (await import('./commands/clock.ts')).accept(context)));
  requireSubcommand(group);
}

function collect(value: string, list: readonly string[] = []): string[] {
  return [...list, value];
}

/** Reads a whole number from 1. */
function wholeNumber(option: string, most: number) {
  return (text: string): number => {
    const number = /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : Number.NaN;
    if (number <= most) return number;
    throw usageError({
      en: `${option}: "${text}" is not a whole number from 1 to ${most}`,
      zh: `${option}：“${text}”不是 1 到 ${most} 的整数`,
    });
  };
}

function scope(text: string): string {
  if (text === 'full' || text === 'activate') return text;
  throw usageError({
    en: `--scope: "${text}" is neither full nor activate`,
    zh: `--scope：“${text}”应为 full 或 activate`,
  });
}
