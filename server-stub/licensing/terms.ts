import type { Kysely } from 'kysely';
import type { PurchaseTerms, Terms } from '#core/documents/terms.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';

/** A renewal of a license, as the store holds it. */
export interface StoredRenewal {
  readonly termsId: string;
  readonly at: number;
}

/** The renewals of a license, in order. */
export function renewalsOf({ renewals }: Pick<LicenseTable, 'renewals'>): readonly StoredRenewal[] {
  return renewals === '[]' ? [] : JSON.parse(renewals);
}

/** The vendor's lines that licenses stand on, by terms id. */
export function termsOf(db: Kysely<Schema>, licenses: Iterable<LicenseTable>): Promise<Map<string, Terms>> {
  return termsByIds(
    db,
    [...licenses].map(({ terms_id }) => terms_id),
  );
}

/** The vendor's lines by their ids. They were verified when their grant was imported. */
export async function termsByIds(db: Kysely<Schema>, ids: readonly string[]): Promise<Map<string, Terms>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('terms')
    .select(['terms_id', 'claims'])
    .where('terms_id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ terms_id, claims }) => [terms_id, JSON.parse(claims)]));
}

/** The documents of lines, by terms id, for an answer that must prove them. */
export async function termsDocuments(
  db: Kysely<Schema>,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('terms')
    .select(['terms_id', 'document'])
    .where('terms_id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ terms_id, document }) => [terms_id, document]));
}

/** The purchase line of an id that a license stands on. */
export function purchaseOf(terms: ReadonlyMap<string, Terms>, termsId: string): PurchaseTerms {
  const line = terms.get(termsId);
  if (line?.kind !== 'purchase') throw new Error(`a license stands on ${termsId}, which is no purchase line`);
  return line;
}
