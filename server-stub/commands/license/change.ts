import { type ExitCode, errorTable } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { saysYes } from '#core/host/person-at-terminal.ts';
import { changeLicenses, type LicenseOutcome, previewChanges } from '../../licensing/change-licenses.ts';
import { ACTS, type ActWish, type LicenseVerb } from '../../licensing/license-acts.ts';
import type { LicenseRow } from '../../licensing/license-rows.ts';
import { type LicenseScope, resolveLicenses } from '../../licensing/resolve-licenses.ts';
import type { Store } from '../../store/database.ts';
import type { LicenseTable } from '../../store/schema.ts';
import { type CommandContext, now, operator, withStore } from '../context.ts';
import { answerResults, type Result } from './results.ts';
import { LICENSE_WORDS } from './words.ts';

export interface ChangeOptions {
  app?: string;
  pid?: string;
  /** No question is asked. */
  yes?: boolean;
  /** What can be changed is, although others cannot. */
  partial?: boolean;
}

/** Licenses in one transaction at most, so that no other writer waits long. */
const PIECE = 1000;

/**
 * Carries out a verb on a list of licenses: all are looked at first, and unless `partial` one that is refused keeps
 * all from being changed. Of a list longer than {@link PIECE} each piece is one transaction; should another operator
 * come between, what is done stays done and is said.
 *
 * @param rows names of licenses, from the command line or a file
 */
export async function changeByOperator(
  context: CommandContext,
  verb: LicenseVerb,
  rows: readonly LicenseRow[],
  options: ChangeOptions,
): Promise<ExitCode> {
  return withStore(context, async (store) => {
    const results = await previewOf(store, verb, rows, wisherOf(context, options));
    const [only] = results;
    if (results.length === 1 && only?.outcome.ok === false) throw only.outcome.error;
    const refused = results.filter(({ outcome }) => !outcome.ok);
    if (refused.length === 0 || options.partial) {
      await confirm(context, verb, results, options);
      await carryOut(context, store, verb, results, { ...options, inPieces: true });
    }
    return finish(context, verb, results);
  });
}

/** The same for licenses that are known by their values, all of them in one transaction. */
export async function changeAtOnce(
  context: CommandContext,
  verb: LicenseVerb,
  values: (store: Store) => Promise<readonly string[]>,
  options: ChangeOptions,
): Promise<ExitCode> {
  return withStore(context, async (store) => {
    const rows = (await values(store)).map((name) => ({ name, toLicenseKey: '' }));
    if (rows.length === 0) throw new LicenseError('unknown_license');
    const results = await previewOf(store, verb, rows, wisherOf(context, options));
    await confirm(context, verb, results, options);
    await carryOut(context, store, verb, results, { ...options, inPieces: false });
    return finish(context, verb, results);
  });
}

interface Wisher extends LicenseScope {
  readonly actor: string;
}

/** Who wishes the change, and among which licenses names are looked for. */
function wisherOf(context: CommandContext, { app: appId, pid }: ChangeOptions): Wisher {
  return { actor: operator(context), appId, pid };
}

async function previewOf(
  { reader }: Store,
  verb: LicenseVerb,
  rows: readonly LicenseRow[],
  { actor, ...scope }: Wisher,
): Promise<Result[]> {
  const names = rows.map(({ name }) => name);
  const found = await resolveLicenses(reader, names, scope);
  const seen = ACTS[verb].once ? new Set<string>() : undefined;
  const wishes = rows.map((row) => {
    const wish = wishOf(row, found.get(row.name), actor);
    return wish instanceof LicenseError ? wish : (twice(wish, seen) ?? wish);
  });
  const known = wishes.flatMap((wish) => (wish instanceof LicenseError ? [] : wish));
  const outcomes = (await previewChanges(reader, known, ACTS[verb].change, now())).values();
  return rows.map((row, index): Result => {
    const wish = wishes[index];
    if (wish === undefined || wish instanceof LicenseError)
      return { row, outcome: { ok: false, error: wish ?? new LicenseError('unknown_license') } };
    return { row, wish, outcome: outcomes.next().value as LicenseOutcome };
  });
}

function twice({ license }: ActWish, seen: Set<string> | undefined): LicenseError | undefined {
  if (seen?.has(license)) {
    const problem = { en: 'stands twice in the list', zh: '在列表中出现两次' };
    return new LicenseError('parameter_invalid', { name: 'license', problem });
  }
  seen?.add(license);
  return undefined;
}

function wishOf(
  { toLicenseKey, renewId, label, group }: LicenseRow,
  found: LicenseTable | LicenseError | undefined,
  actor: string,
): ActWish | LicenseError {
  if (found === undefined || found instanceof LicenseError)
    return found ?? new LicenseError('unknown_license');
  return { cid: found.cid, license: found.license, actor, toLicenseKey, renewId, label, group };
}

/**
 * Asks who sits at the terminal, in numbers, before several licenses are taken from their devices. Where nobody does,
 * nobody said yes: a script says it by `--yes`.
 *
 * @throws `not_confirmed`
 */
async function confirm(
  { terminal, person }: CommandContext,
  verb: LicenseVerb,
  results: readonly Result[],
  { yes = false }: ChangeOptions,
): Promise<void> {
  const count = results.filter(({ outcome }) => outcome.ok && outcome.changed).length;
  if (yes || !ACTS[verb].asks || count < 2) return;
  const words = LICENSE_WORDS[terminal.language];
  const refused = results.filter(({ outcome }) => !outcome.ok).length;
  const rest = words.rest(results.length - refused - count, refused);
  const reply = await person?.ask(words.question(verb, count, rest));
  if (!saysYes(reply)) throw new LicenseError('not_confirmed');
}

/** Writes, piece by piece, and puts what came of it into the results. */
async function carryOut(
  { terminal }: CommandContext,
  store: Store,
  verb: LicenseVerb,
  results: readonly Result[],
  { partial = false, inPieces }: ChangeOptions & { inPieces: boolean },
): Promise<void> {
  const accepted = results.filter(({ outcome }) => outcome.ok);
  const size = inPieces ? PIECE : Math.max(1, accepted.length);
  for (let start = 0; start < accepted.length; start += size) {
    const piece = accepted.slice(start, start + size);
    const refused = await carryOutPiece(store, verb, piece, partial);
    // Something else happened between the look and the change: what is left is left.
    if (refused) return;
    if (accepted.length > size) {
      const done = Math.min(start + size, accepted.length);
      terminal.err(`${LICENSE_WORDS[terminal.language].progress(done, accepted.length)}\n`);
    }
  }
}

/**
 * One transaction. Whatever is refused in it now keeps all of it from being changed, unless `partial`.
 *
 * @returns whether it was kept from
 */
async function carryOutPiece(
  store: Store,
  verb: LicenseVerb,
  piece: readonly Result[],
  partial: boolean,
): Promise<boolean> {
  let outcomes: readonly LicenseOutcome[] = [];
  try {
    await store.write(now(), async (transaction) => {
      const wishes = piece.map(({ wish }) => wish as ActWish);
      outcomes = await changeLicenses(transaction, wishes, ACTS[verb].change);
      if (!partial && outcomes.some(({ ok }) => !ok)) throw new Kept();
    });
  } catch (thrown) {
    if (!(thrown instanceof Kept)) throw thrown;
    for (const [index, result] of piece.entries()) {
      const outcome = outcomes[index];
      if (outcome?.ok === false) result.outcome = outcome;
    }
    return true;
  }
  for (const [index, result] of piece.entries()) {
    result.outcome = outcomes[index] as LicenseOutcome;
    result.done = true;
  }
  return false;
}

/** Rolls a transaction back whose outcomes are known. */
class Kept extends Error {}

function finish({ terminal }: CommandContext, verb: LicenseVerb, results: readonly Result[]): ExitCode {
  answerResults(terminal, verb, results);
  const refusal = results.find(({ outcome }) => !outcome.ok);
  return refusal?.outcome.ok === false ? errorTable[refusal.outcome.error.code].exit : 0;
}
