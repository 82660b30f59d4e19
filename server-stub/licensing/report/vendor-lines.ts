import type { Kysely } from 'kysely';
import { type Terms, verifyTerms } from '#core/documents/terms.ts';
import type { VerificationKey } from '#core/keys.ts';
import type { Schema, TermsTable } from '../../store/schema.ts';
import { inconsistent } from './inconsistent.ts';

/** A line of the vendor as its signed document says it, with what the table adds. */
export interface VendorLine {
  readonly terms: Terms;
  readonly grantId: string;
  readonly used: number;
  readonly withdrawn: boolean;
}

/**
 * The vendor's lines of a company by terms id, each verified anew under the vendor root: what was granted is what
 * the vendor signed, not what a table says. They are few, whatever the number of licenses.
 *
 * @throws `report_inconsistent` where a row says something else than its document; as verifyTerms
 */
export async function vendorLines(
  db: Kysely<Schema>,
  cid: string,
  roots: readonly VerificationKey[],
): Promise<ReadonlyMap<string, VendorLine>> {
  const rows = await db.selectFrom('terms').selectAll().where('cid', '=', cid).orderBy('position').execute();
  const lines = new Map<string, VendorLine>();
  for (const row of rows) {
    const terms = await verifyTerms(row.document, roots);
    requireSame(cid, row, terms);
    lines.set(row.terms_id, {
      terms,
      grantId: row.grant_id,
      used: row.used,
      withdrawn: row.withdrawn === 1,
    });
  }
  return lines;
}

function requireSame(cid: string, row: TermsTable, terms: Terms): void {
  const renewId = terms.kind === 'renewal' ? terms.renewId : null;
  const said = [row.terms_id, row.cid, row.kind, row.pid, row.renew_id, row.app_id, row.count];
  const signed = [terms.termsId, terms.cid, terms.kind, terms.pid, renewId, terms.appId ?? '', terms.count];
  const differs = said.findIndex((value, index) => value !== signed[index]);
  if (differs === -1 && row.claims === JSON.stringify(terms)) return;
  const owner = { pid: row.pid, appId: row.app_id };
  const what = { en: `line ${row.terms_id}`, zh: `条款 ${row.terms_id}` };
  inconsistent(cid, owner, what, signed[differs] ?? terms.count, said[differs] ?? row.count);
}
