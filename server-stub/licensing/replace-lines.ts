import type { Grant } from '#core/documents/grant.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import type { TermsTable } from '../store/schema.ts';
import { SHARED } from './quota.ts';

type Line = Pick<TermsTable, 'terms_id' | 'kind' | 'pid' | 'renew_id' | 'app_id' | 'count' | 'used'>;

/**
 * Lets a grant, whose lines were added, take the place of an earlier one: the earlier lines are withdrawn, and what
 * was used moves over — licenses stand on the new lines from then on and get their terms at the next refresh.
 * A grant below what is used is refused. Source: protocol, Trust.
 *
 * @throws `grant_replaces_unknown`, `grant_below_used`
 */
export async function replaceLines(
  { db }: Transaction,
  { grantId, cid }: Grant,
  replaces: string,
): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('vendor_grant')
    .set({ replaced_by: grantId })
    .where('grant_id', '=', replaces)
    .where('cid', '=', cid)
    .where('replaced_by', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new LicenseError('grant_replaces_unknown', { grantId, replaces });

  const linesOf = (grant: string): Promise<Line[]> =>
    db
      .selectFrom('terms')
      .select(['terms_id', 'kind', 'pid', 'renew_id', 'app_id', 'count', 'used'])
      .where('grant_id', '=', grant)
      .where('withdrawn', '=', 0)
      .orderBy('position')
      .execute();
  const withdrawn = await linesOf(replaces);
  const added = await linesOf(grantId);

  for (const line of withdrawn) {
    await db
      .updateTable('terms')
      .set({ withdrawn: 1, used: 0 })
      .where('terms_id', '=', line.terms_id)
      .execute();
    await moveUse(line);
  }

  async function moveUse(from: Line): Promise<void> {
    let left = from.used;
    const takers = [from.app_id, SHARED].flatMap((owner) =>
      added.filter((line) => line.app_id === owner && sameGoods(line, from)),
    );
    for (const to of new Set(takers)) {
      const moved = Math.min(left, to.count - to.used);
      if (moved === 0) continue;
      to.used += moved;
      left -= moved;
      await db.updateTable('terms').set({ used: to.used }).where('terms_id', '=', to.terms_id).execute();
      if (from.kind === 'renewal') continue;
      const licenses = db
        .selectFrom('license')
        .select('license')
        .where('terms_id', '=', from.terms_id)
        .orderBy('license')
        .limit(moved);
      await db
        .updateTable('license')
        .set({ terms_id: to.terms_id })
        .where('license', 'in', licenses)
        .execute();
    }
    if (left > 0) {
      const id = from.renew_id ?? from.pid;
      throw new LicenseError('grant_below_used', { grantId, id, granted: from.used - left, used: from.used });
    }
  }
}

function sameGoods(a: Line, b: Line): boolean {
  return a.kind === b.kind && a.pid === b.pid && a.renew_id === b.renew_id;
}
