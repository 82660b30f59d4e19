import type { Kysely } from 'kysely';
import type { Terms } from '#core/documents/terms.ts';
import type { Schema } from '../store/schema.ts';

/** A grant as it was imported. */
export interface Grant {
  readonly grantId: string;
  readonly cid: string;
  readonly importedAt: number;
  /** The grant that came instead of it. */
  readonly replacedBy: string | null;
}

/** What one line of a grant sold, and how much of it is gone. */
export type Purchase = Terms & {
  readonly grantId: string;
  readonly used: number;
  /** Whether a later grant took it back. */
  readonly withdrawn: boolean;
};

/** 购买记录: the grants of a company or of all, the newest first, and their lines. */
export async function purchases(
  db: Kysely<Schema>,
  company: string | undefined,
): Promise<{ readonly grants: readonly Grant[]; readonly lines: readonly Purchase[] }> {
  const grants = await db
    .selectFrom('vendor_grant')
    .select(['grant_id as grantId', 'cid', 'imported_at as importedAt', 'replaced_by as replacedBy'])
    .$if(company !== undefined, (query) => query.where('cid', '=', company ?? ''))
    .orderBy('imported_at', 'desc')
    .orderBy('grant_id', 'desc')
    .execute();
  const rows = await db
    .selectFrom('terms')
    .select(['grant_id as grantId', 'claims', 'used', 'withdrawn'])
    .$if(company !== undefined, (query) => query.where('cid', '=', company ?? ''))
    .orderBy('position')
    .execute();
  return {
    grants,
    lines: rows.map(({ claims, withdrawn, ...row }) => ({
      ...(JSON.parse(claims) as Terms),
      ...row,
      withdrawn: withdrawn === 1,
    })),
  };
}
