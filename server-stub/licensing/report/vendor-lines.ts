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
  const rows = await db
    .selectFrom('terms')
    .innerJoin('vendor_grant', 'vendor_grant.grant_id', 'terms.grant_id')
    .selectAll('terms')
    .select('vendor_grant.replaced_by')
    .where('terms.cid', '=', cid)
    .orderBy('position')
    .execute();
  const lines = new Map<string, VendorLine>();
  for (const row of rows) {
    const terms = await verifyTerms(row.document, roots);
    requireSame(cid, row, terms);
    requireWithdrawn(cid, row);
    lines.set(row.terms_id, { terms, grantId: row.grant_id, used: row.used });
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

/**
 * A line is withdrawn with its grant, and by nothing else: one that is put back by hand would be handed out beside
 * the line that took its place. That a grant was replaced is held against the trail by the seats withdrawn.
 */
function requireWithdrawn(cid: string, row: TermsTable & { readonly replaced_by: string | null }): void {
  const replaced = row.replaced_by === null ? 0 : 1;
  if (row.withdrawn === replaced) return;
  const owner = { pid: row.pid, appId: row.app_id, ...(row.renew_id !== null && { renewId: row.renew_id }) };
  const what = { en: `withdrawal of line ${row.terms_id}`, zh: `条款 ${row.terms_id} 的撤回标记` };
  inconsistent(cid, owner, what, replaced, row.withdrawn);
}
