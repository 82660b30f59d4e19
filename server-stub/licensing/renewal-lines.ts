import { type Kysely, sql } from 'kysely';
import { addValidity } from '#core/calendar.ts';
import type { EpochSeconds } from '#core/clock.ts';
import { MAX_RENEWALS } from '#core/documents/license-token.ts';
import type { RenewalTerms } from '#core/documents/terms.ts';
import { LicenseError } from '#core/errors.ts';
import { rowsOf } from '../store/rows.ts';
import type { LicenseTable, Schema, TermsTable } from '../store/schema.ts';
import type { Outcome } from './outcome.ts';
import { SHARED } from './quota.ts';
import { storeLicenses } from './store-licenses.ts';
import { renewalsOf } from './terms.ts';

type Line = Pick<
  TermsTable,
  'terms_id' | 'pid' | 'renew_id' | 'app_id' | 'count' | 'used' | 'claims' | 'withdrawn'
> & { taken: number };

/** What lines are loaded for: a license's company and PID, and the renewId where one was named. */
export interface RenewalSubject {
  readonly cid: string;
  readonly pid?: string | undefined;
  readonly renewId?: string | undefined;
}

/** Refused: `released`, `transferred`, `unknown_renew_id`, `renewal_other_pid`, `renewal_exhausted`, `renewal_limit`. */
export type RenewalOutcome = Outcome<{
  readonly renewId: string;
  readonly termsId: string;
  readonly previousExpireTime: EpochSeconds;
}>;

/**
 * The vendor's renewal lines for the length of one transaction: read once, taken in memory in order of arrival,
 * written back together with the licenses that they renewed. Of a renewId the lines for the App alone go first,
 * then the shared ones, the oldest with renewals left. Source: contract, Rules "Renewal"; protocol, Trust.
 */
export class RenewalLines {
  readonly #db: Kysely<Schema>;
  /** By company, in order of arrival. */
  readonly #lines = new Map<string, Line[]>();
  readonly #renewed = new Set<LicenseTable>();

  private constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  static async load(db: Kysely<Schema>, subjects: readonly RenewalSubject[]): Promise<RenewalLines> {
    const lines = new RenewalLines(db);
    const cids = [...new Set(subjects.map(({ cid }) => cid))];
    const pids = [...new Set(subjects.flatMap(({ pid }) => pid ?? []))];
    const renewIds = [...new Set(subjects.flatMap(({ renewId }) => renewId ?? []))];
    if (pids.length + renewIds.length === 0) return lines;
    const rows = await db
      .selectFrom('terms')
      .select(['terms_id', 'cid', 'pid', 'renew_id', 'app_id', 'count', 'used', 'claims', 'withdrawn'])
      .where('cid', 'in', cids)
      .where('kind', '=', 'renewal')
      .where(({ or, eb }) =>
        or([
          ...(pids.length > 0 ? [eb('pid', 'in', pids)] : []),
          ...(renewIds.length > 0 ? [eb('renew_id', 'in', renewIds)] : []),
        ]),
      )
      .orderBy('position')
      .execute();
    for (const { cid, ...row } of rows) {
      const line = { ...row, taken: 0 };
      const siblings = lines.#lines.get(cid);
      if (siblings === undefined) lines.#lines.set(cid, [line]);
      else siblings.push(line);
    }
    return lines;
  }

  /**
   * Renews a license in memory: its new end is max(now, old end) + the line's validity. Active, suspended and
   * expired licenses are renewed.
   *
   * @param renewId undefined: whichever line fits
   */
  renew(license: LicenseTable, renewId: string | undefined, now: EpochSeconds): RenewalOutcome {
    const refuse = (error: LicenseError): RenewalOutcome => ({ ok: false, error });
    if (license.state === 'released' || license.state === 'transferred')
      return refuse(new LicenseError(license.state));
    const { cid, pid, app_id } = license;
    const named = (this.#lines.get(cid) ?? []).filter((line) =>
      renewId === undefined ? line.pid === pid : line.renew_id === renewId,
    );
    if (renewId !== undefined && named.length === 0)
      return refuse(new LicenseError('unknown_renew_id', { renewId }));
    if (named.some((line) => line.pid !== pid))
      return refuse(new LicenseError('renewal_other_pid', { renewId: renewId ?? '', pid }));
    const line = [app_id, SHARED]
      .flatMap((owner) => named.filter((candidate) => candidate.app_id === owner))
      .find(({ withdrawn, count, used, taken }) => withdrawn === 0 && used + taken < count);
    if (line === undefined) return refuse(new LicenseError('renewal_exhausted', { pid }));
    const renewals = renewalsOf(license);
    if (renewals.length >= MAX_RENEWALS)
      return refuse(new LicenseError('renewal_limit', { limit: MAX_RENEWALS }));

    const { validity, renewId: lineRenewId }: RenewalTerms = JSON.parse(line.claims);
    const previousExpireTime = license.expire_time;
    line.taken += 1;
    license.renewals = JSON.stringify([...renewals, { termsId: line.terms_id, at: now }]);
    license.expire_time = addValidity(Math.max(now, previousExpireTime), validity);
    this.#renewed.add(license);
    return { ok: true, renewId: lineRenewId, termsId: line.terms_id, previousExpireTime };
  }

  /** Writes the lines and the renewed licenses. The CHECK of the lines is the backstop. */
  async store(): Promise<void> {
    const taken = [...this.#lines.values()].flat().filter((line) => line.taken > 0);
    if (taken.length === 0) return;
    await this.#db
      .updateTable('terms')
      .from(rowsOf<Line>(this.#db, { terms_id: 'text', taken: 'integer' }, taken).as('r'))
      .set({ used: sql<number>`terms.used + r.taken` })
      .whereRef('terms.terms_id', '=', 'r.terms_id')
      .execute();
    await storeLicenses(this.#db, { renewals: 'text', expire_time: 'integer' }, this.#renewed);
  }
}
