#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { fail, processTerminal, usageError } from '#core/host/cli.ts';
import { type CommandContext, loadServerConfig } from './commands/context.ts';

const terminal = processTerminal(process.argv);

/** Runs a command with its configuration; a failure becomes message and exit code. */
function run<A extends unknown[]>(command: (context: CommandContext, ...args: A) => Promise<unknown>) {
  return async (...args: A): Promise<void> => {
    try {
      const config = loadServerConfig(program.opts<{ config?: string }>().config);
      if ((await command({ terminal, config }, ...args)) === false) process.exitCode = 1;
    } catch (error) {
      process.exitCode = fail(terminal, 'license-server', error);
    }
  };
}

const collect = (value: string, list: string[]): string[] => [...list, value];
const wholeNumber = (value: string): number => {
  if (!/^[1-9][0-9]{0,8}$/.test(value)) throw usageError(`${value} is not a whole number above 0`);
  return Number(value);
};

const program = new Command('license-server')
  .description('On-prem license server: hands out the licenses that a vendor granted, never one too many.')
  .option(
    '--config <FILE>',
    'configuration (TOML); default /etc/license-server/server.toml where it is there',
  )
  .option('--json', 'answer in JSON')
  .exitOverride()
  .configureOutput({ writeErr: () => {} });

program
  .command('init')
  .description('make keys, certificate authority and an empty store')
  .requiredOption('--vendor-roots <FILE>', "the vendor's roots file")
  .option('--host <NAME>', 'name or address of this server, repeatable; default all of its own', collect, [])
  .action(run(async (context, options) => (await import('./commands/init.ts')).init(context, options)));

program
  .command('apply')
  .description('make the application for the vendor')
  .requiredOption('--cid <CID>', 'number of the company')
  .requiredOption('--name <NAME>', 'name of the company')
  .option('--app <NAME[=APP_ID]>', 'App to enable, repeatable; without an id one is made', collect, [])
  .option(
    '--purchase <FIELDS>',
    'validity=1y,count=100[,product=1,mediaType=3,minutes=0,period=00:00~23:59,zone=Asia/Shanghai,category=device,label=TEXT], repeatable',
    collect,
    [],
  )
  .option('--renewal <FIELDS>', 'pid=PID,validity=1y,count=20, repeatable', collect, [])
  .option('--preallocation', 'quota shall be reservable per App', false)
  .requiredOption('--out <FILE>', 'where to write the file')
  .action(
    run(async (context, options) => (await import('./commands/apply.ts')).applyForLicenses(context, options)),
  );

program
  .command('import')
  .description('take a grant or an issuer certificate of the vendor')
  .argument('<file>')
  .action(run(async (context, file) => (await import('./commands/import.ts')).importFile(context, file)));

program
  .command('serve')
  .description('run the server')
  .action(run(async (context) => (await import('./commands/serve.ts')).serve(context)));

const enrollment = program.command('enrollment').description('files that devices enroll with');
enrollment
  .command('create')
  .requiredOption('--app <APP_ID>', 'App of the devices')
  .requiredOption('--pid <PID>', 'what they activate')
  .requiredOption('--out <FILE>', 'where to write the file')
  .option('--max-activations <N>', 'new seats that may be taken through it', wholeNumber, 100)
  .option('--days <N>', 'how long it may be used', wholeNumber, 365)
  .option('--url <URL>', 'URL by which devices reach this server, repeatable', collect, [])
  .action(
    run(async (context, options) =>
      (await import('./commands/enrollment.ts')).createEnrollmentFile(context, options),
    ),
  );
enrollment
  .command('list')
  .action(run(async (context) => (await import('./commands/enrollment.ts')).listEnrollments(context)));
enrollment
  .command('revoke')
  .argument('<id>')
  .action(run(async (context, id) => (await import('./commands/enrollment.ts')).revoke(context, id)));

const credentials = program.command('credentials').description('pairs for the OpenAPI');
credentials
  .command('create')
  .requiredOption('--cid <CID>', 'company')
  .option('--scope <SCOPE>', 'full or activate', scope, 'full')
  .action(
    run(async (context, options) => (await import('./commands/credentials.ts')).create(context, options)),
  );
credentials
  .command('list')
  .action(run(async (context) => (await import('./commands/credentials.ts')).list(context)));
credentials
  .command('revoke')
  .argument('<customerId>')
  .action(run(async (context, id) => (await import('./commands/credentials.ts')).revoke(context, id)));

program
  .command('quota')
  .description('what was granted and what is used')
  .action(run(async (context) => (await import('./commands/quota.ts')).quota(context)));

const audit = program
  .command('audit')
  .description('the newest rows of the audit trail')
  .option('--cid <CID>', 'of one company')
  .option('--limit <N>', 'rows', wholeNumber, 50)
  .action(run(async (context, options) => (await import('./commands/audit.ts')).audit(context, options)));
audit
  .command('verify')
  .description('recompute every hash of the trail')
  .action(run(async (context) => (await import('./commands/audit.ts')).verify(context)));

program
  .command('clock')
  .description("this server's clock against its audit trail")
  .command('accept')
  .action(run(async (context) => (await import('./commands/clock.ts')).accept(context)));

function scope(value: string): string {
  if (value !== 'full' && value !== 'activate')
    throw usageError(`scope ${value} is neither full nor activate`);
  return value;
}

/** `--json` may stand anywhere on the line. */
const argv = process.argv.filter((word) => word !== '--json');
try {
  await program.parseAsync(argv);
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) process.exitCode = fail(terminal, 'license-server', usageError(error.message));
  } else {
    process.exitCode = fail(terminal, 'license-server', error);
  }
}
