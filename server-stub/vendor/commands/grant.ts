import type { Command } from 'commander';
import { verifyApplication } from '#core/documents/application.ts';
import { LicenseError } from '#core/errors.ts';
import { saysYes } from '#core/host/person-at-terminal.ts';
import { newId } from '#core/ids.ts';
import { parseOptional } from '#core/notation/fields.ts';
import type { VendorContext } from '../context.ts';
import { describeGrant } from '../describe-grant.ts';
import { draftGrant, type GrantDraft } from '../draft-grant.ts';
import { keepSigned } from '../keep-signed.ts';
import { LIMIT_FIELDS, type Limits, limitsFrom } from '../limits.ts';
import { readPassphrase } from '../passphrase.ts';
import { resolveOrder } from '../resolve-order.ts';
import { signGrant } from '../sign-grant.ts';
import { openRootKey } from '../vendor-folder.ts';
import { grantTexts } from './grant-texts.ts';
import { openFolder } from './open-folder.ts';
import { openOutput } from './output.ts';
import { readDocument } from './read-document.ts';

interface GrantOptions {
  dir: string;
  from?: string;
  serverId?: string;
  cid?: string;
  name?: string;
  app?: string[];
  purchase?: string[];
  renewal?: string[];
  preallocation?: boolean;
  replaces?: string;
  again?: boolean;
  tokenLife?: string;
  grace?: string;
  expiryGrace?: string;
  transfersPerYear?: string;
  out?: string;
  yes?: boolean;
  passphraseFile?: string;
}

/** `license-vendor grant` */
export function grant(program: Command, context: VendorContext): void {
  const { terminal } = context;
  const text = grantTexts[terminal.language];
  const collect = (value: string, all: string[] = []) => [...all, value];
  program
    .command('grant')
    .description(text.description)
    .requiredOption('--dir <FOLDER>', text.dir)
    .option('--from <APPLICATION>', text.from)
    .option('--server-id <ID>', text.serverId)
    .option('--cid <CID>', text.cid)
    .option('--name <NAME>', text.name)
    .option('--app <APP_ID[=NAME]>', text.app, collect)
    .option('--purchase <LINE>', text.purchase, collect)
    .option('--renewal <LINE>', text.renewal, collect)
    .option('--preallocation', text.preallocation)
    .option('--no-preallocation', text.noPreallocation)
    .option('--replaces <GRANT_ID>', text.replaces)
    .option('--again', text.again)
    .option('--token-life <DURATION>', text.tokenLife)
    .option('--grace <DURATION>', text.grace)
    .option('--expiry-grace <DURATION>', text.expiryGrace)
    .option('--transfers-per-year <N>', text.transfersPerYear)
    .option('--out <FILE>', text.out)
    .option('--yes', text.yes)
    .option('--passphrase-file <FILE>', text.passphraseFile)
    .addHelpText('after', text.after)
    .action(async (options: GrantOptions) => {
      const folder = openFolder(options.dir, context);
      const draft = await draftFrom(options, context, folder.ledger.entries);
      const output = openOutput(options.out ?? `grant-${draft.grant.grantId.slice(0, 8)}.jwt`, terminal);

      terminal.err(`${text.toBeSigned}\n${describeGrant(draft, terminal.language)}\n`);
      if (!options.yes) await confirm(context, text.confirm);
      const root = await openRootKey(folder, () => readPassphrase(options.passphraseFile, context));
      const { document, entry } = await signGrant(draft, root);
      keepSigned(folder.ledger, entry, document);
      output.deliver(document, resultOf(draft), (file) => text.done(draft.grant.grantId, file));
    });
}

async function draftFrom(
  options: GrantOptions,
  { clock }: VendorContext,
  entries: Parameters<typeof draftGrant>[2],
): Promise<GrantDraft> {
  const application =
    options.from === undefined ? undefined : await verifyApplication(readDocument(options.from));
  const { app: apps = [], purchase: purchases = [], renewal: renewals = [], ...rest } = options;
  const order = resolveOrder(application, {
    ...rest,
    apps,
    purchases,
    renewals,
    limits: limitsOf(options),
  });
  return draftGrant(
    order,
    { grantId: newId(), termsIds: order.lines.map(() => newId()), iat: clock.now() },
    entries,
  );
}

function limitsOf({ tokenLife, grace, expiryGrace, transfersPerYear }: GrantOptions): Partial<Limits> {
  return limitsFrom({
    tokenLife: parseOptional(tokenLife, '--token-life', LIMIT_FIELDS.tokenLife),
    grace: parseOptional(grace, '--grace', LIMIT_FIELDS.grace),
    expiryGrace: parseOptional(expiryGrace, '--expiry-grace', LIMIT_FIELDS.expiryGrace),
    transfersPerYear: parseOptional(transfersPerYear, '--transfers-per-year', LIMIT_FIELDS.transfersPerYear),
  });
}

/** Asks who sits at the terminal. Where nobody does, nobody said yes: a script says it by `--yes`. */
async function confirm({ person }: VendorContext, question: string): Promise<void> {
  if (!saysYes(await person?.ask(question))) throw new LicenseError('not_confirmed');
}

function resultOf({ grant, terms }: GrantDraft): object {
  const { grantId, aud, cid, name, apps, replaces } = grant;
  const lines = terms.map(({ cid: _, iat: __, ...line }) => line);
  return { kind: 'grant', grantId, serverId: aud, cid, name, apps, lines, ...(replaces && { replaces }) };
}
