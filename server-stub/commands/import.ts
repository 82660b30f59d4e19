import { grantDocument } from '#core/documents/grant.ts';
import { type ExitCode, errorTable } from '#core/error-table.ts';
import { asLicenseError, type LicenseError, messageOf, remedyOf } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { readTextFile } from '#core/host/files.ts';
import { table } from '#core/host/table.ts';
import { type Imported, importDocument } from '../licensing/import-document.ts';
import { settleKeys } from '../settle-keys.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';
import { describeImported, describeWaiting, nameImported } from './describe-imported.ts';

/**
 * `license-server import FILE…`: grants, issuer certificates and new vendor roots, whichever the files hold, in the order
 * given. Each is a transaction of its own: one that is refused is told of, and the others are taken all the same.
 */
export async function importFiles(context: CommandContext, files: readonly string[]): Promise<ExitCode> {
  const [file, ...more] = files;
  if (file !== undefined && more.length === 0) {
    const imported = await importFile(context, file);
    answer(context.terminal, imported, describeImported(imported, context.config.zone, context.terminal));
    return 0;
  }
  const outcomes: Outcome[] = [];
  for (const each of files) outcomes.push(await tryImport(context, each));
  return tell(context, outcomes);
}

interface Outcome {
  readonly file: string;
  readonly imported: Imported | undefined;
  /** Why nothing was imported. */
  readonly error: LicenseError | undefined;
}

async function importFile(context: CommandContext, file: string): Promise<Imported> {
  const text = readTextFile(file, grantDocument.maxBytes + 2).trim();
  return withStore(context, async (store, { roots: pinned, ...issuer }) => {
    const taken = await store.write(now(), (transaction) =>
      importDocument(transaction, text, { where: file, issuer, pinned }, operator(context)),
    );
    await settleKeys(store, context.config.stateDir, now());
    return taken;
  });
}

/** Only what is wrong with this one file lets the others go on. */
async function tryImport(context: CommandContext, file: string): Promise<Outcome> {
  try {
    return { file, imported: await importFile(context, file), error: undefined };
  } catch (thrown) {
    const error = asLicenseError(thrown);
    if (errorTable[error.code].http >= 500) throw thrown;
    return { file, imported: undefined, error };
  }
}

/** A line for each file; the exit code is that of the first one that was refused. */
function tell({ terminal }: CommandContext, outcomes: readonly Outcome[]): ExitCode {
  const { language } = terminal;
  const refused = outcomes.flatMap(({ error }) => error ?? []);
  const value = outcomes.map(({ file, imported, error }) => ({
    file,
    ...imported,
    ...(error && { error: error.code, message: messageOf(error, language) }),
  }));
  const rows = outcomes.map(({ file, imported, error }) => [
    file,
    ...(imported === undefined ? [] : [nameImported(imported, language)]),
    ...(error === undefined ? [] : [`${messageOf(error, language)} [${error.code}]`]),
  ]);
  const lines = [
    table(rows, terminal).trimEnd(),
    ...describeWaiting(waitingAfter(outcomes), language),
    ...new Set(refused.map((error) => remedyOf(error, language))),
  ];
  answer(terminal, { files: value }, lines.join('\n'));
  const [first] = refused;
  return first === undefined ? 0 : errorTable[first.code].exit;
}

/** The companies without a certificate under the new root, when all is done. */
function waitingAfter(outcomes: readonly Outcome[]): string[] {
  const taken = outcomes.flatMap(({ imported }) => imported ?? []);
  const certified = taken.flatMap((each) => (each.kind === 'certificate' ? each.cid : []));
  const waiting = taken.flatMap((each) => (each.kind === 'roots' ? each.waiting : []));
  return [...new Set(waiting)].filter((cid) => !certified.includes(cid));
}
