import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { rowsOf } from '../store/rows.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import type { Outcome, Requester } from './outcome.ts';

/** Which license shall change, of which company. */
export interface LicenseWish extends Requester {
  readonly cid: string;
  /** License value. */
  readonly license: string;
}

/** Refused: `unknown_license` (also where it is another company's); whatever the change refuses. */
export type LicenseOutcome = Outcome<{
  readonly license: LicenseTable;
  /** false where it was so already: nothing is written and nothing audited. */
  readonly changed: boolean;
}>;

/** A license that was altered in memory. */
export interface Altered<Wish extends LicenseWish> {
  readonly license: LicenseTable;
  /** As it was. */
  readonly before: Readonly<LicenseTable>;
  readonly wish: Wish;
  readonly at: EpochSeconds;
}

/**
 * Alters a license as wished, in memory. Gives what the audit trail shall say beside App, PID and LicenseKey;
 * undefined where nothing had to change; or why it may not.
 */
export type Alter<Wish extends LicenseWish> = (
  license: LicenseTable,
  wish: Wish,
  now: EpochSeconds,
) => Readonly<Record<string, unknown>> | undefined | LicenseError;

/** A change made ready for the wishes of one transaction. */
export interface PreparedChange<Wish extends LicenseWish> {
  readonly alter: Alter<Wish>;
  /** Writes what was altered; called where anything was. */
  store(altered: readonly Altered<Wish>[]): Promise<void>;
}

/** What an operator's verb does to a license. */
export interface LicenseChange<Wish extends LicenseWish> {
  /** `license.suspend` … */
  readonly action: string;
  /** Reads, for all wishes at once, what the decisions need beside the licenses. */
  prepare(
    db: Kysely<Schema>,
    wishes: readonly Wish[],
    licenses: ReadonlyMap<string, LicenseTable>,
  ): Promise<PreparedChange<Wish>>;
}

/** Carries out a change: decided in order, written at once, an audit row for each license that changed. */
export async function changeLicenses<Wish extends LicenseWish>(
  { db, audit }: Transaction,
  wishes: readonly Wish[],
  change: LicenseChange<Wish>,
): Promise<LicenseOutcome[]> {
  const times = new Map<string, EpochSeconds>();
  for (const cid of new Set(wishes.map((wish) => wish.cid))) times.set(cid, await audit.timeOf(cid));
  const { decided, store } = await decideChanges(db, wishes, change, (cid) => times.get(cid) ?? 0);
  const altered = decided.flatMap((decision) => decision.altered ?? []);
  for (const { before, wish, detail } of altered) {
    const { cid, license, actor, from } = wish;
    const { app_id: appId, pid, license_key: licenseKey } = before;
    await audit.append(cid, {
      actor,
      from,
      action: change.action,
      subject: license,
      detail: { appId, pid, licenseKey, ...detail },
    });
  }
  if (altered.length > 0) await store(altered);
  return decided.map(({ outcome }) => outcome);
}

/** What a change would come to, decided alike; nothing is written. */
export async function previewChanges<Wish extends LicenseWish>(
  db: Kysely<Schema>,
  wishes: readonly Wish[],
  change: LicenseChange<Wish>,
  now: EpochSeconds,
): Promise<LicenseOutcome[]> {
  const { decided } = await decideChanges(db, wishes, change, () => now);
  return decided.map(({ outcome }) => outcome);
}

interface Decided<Wish extends LicenseWish> {
  readonly outcome: LicenseOutcome;
  readonly altered?: Altered<Wish> & { readonly detail: Readonly<Record<string, unknown>> };
}

async function decideChanges<Wish extends LicenseWish>(
  db: Kysely<Schema>,
  wishes: readonly Wish[],
  change: LicenseChange<Wish>,
  timeOf: (cid: string) => EpochSeconds,
): Promise<{ decided: Decided<Wish>[]; store: PreparedChange<Wish>['store'] }> {
  const licenses = await licensesByValue(
    db,
    wishes.map(({ license }) => license),
  );
  const { alter, store } = await change.prepare(db, wishes, licenses);
  const decide = (wish: Wish): Decided<Wish> => {
    const license = licenses.get(wish.license);
    if (license?.cid !== wish.cid) return refused(new LicenseError('unknown_license'));
    const [before, at] = [{ ...license }, timeOf(wish.cid)];
    const detail = alter(license, wish, at);
    if (detail instanceof LicenseError) return refused(detail);
    // Others of the batch may alter it again: the outcome is what this wish made of it.
    const outcome: LicenseOutcome = { ok: true, license: { ...license }, changed: detail !== undefined };
    if (detail === undefined) return { outcome };
    // The usage report lives the trail again without remembering any license.
    const told = license.state === before.state ? detail : { previousState: before.state, ...detail };
    return { outcome, altered: { license, before, wish, at, detail: told } };
  };
  return { decided: wishes.map(decide), store };
}

function refused<Wish extends LicenseWish>(error: LicenseError): Decided<Wish> {
  return { outcome: { ok: false, error } };
}

/** Licenses by their values. */
export async function licensesByValue(
  db: Kysely<Schema>,
  values: readonly string[],
): Promise<Map<string, LicenseTable>> {
  if (values.length === 0) return new Map();
  const wanted = [...new Set(values)].map((license) => ({ license }));
  const rows = await db
    .selectFrom(rowsOf<{ license: string }>(db, { license: 'text' }, wanted).as('r'))
    .innerJoin('license', 'license.license', 'r.license')
    .selectAll('license')
    .execute();
  return new Map(rows.map((row) => [row.license, row]));
}
