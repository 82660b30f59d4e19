import { type Grant, verifyGrant } from '#core/documents/grant.ts';
import type { Terms } from '#core/documents/terms.ts';
import { LicenseError } from '#core/errors.ts';
import { newSecret } from '#core/ids.ts';
import type { VerificationKey } from '#core/keys.ts';
import type { Transaction } from '../store/database.ts';
import { SHARED } from './quota.ts';
import { replaceLines } from './replace-lines.ts';

export interface GrantImport {
  readonly kind: 'grant';
  readonly cid: string;
  readonly grantId: string;
  readonly lines: readonly Pick<Terms, 'kind' | 'termsId' | 'pid' | 'count' | 'appId'>[];
  /** false where this very grant was there already: imported twice it counts once. */
  readonly changed: boolean;
}

/**
 * Takes a grant of the vendor: company, Apps, lines, and with them the quota.
 *
 * @throws as verifyGrant; `grant_other_server`, `grant_conflict`, `grant_replaces_unknown`, `grant_below_used`
 */
export async function importGrant(
  transaction: Transaction,
  document: string,
  roots: readonly VerificationKey[],
  serverId: string,
  actor: string,
): Promise<GrantImport> {
  const { db, audit } = transaction;
  const { grant, terms } = await verifyGrant(document, roots);
  const { grantId, cid, aud, replaces } = grant;
  if (aud !== serverId) throw new LicenseError('grant_other_server', { grantId, aud, serverId });

  const lines = terms.map(({ claims: { kind, termsId, pid, count, appId } }) =>
    appId === undefined ? { kind, termsId, pid, count } : { kind, termsId, pid, count, appId },
  );
  const known = await db
    .selectFrom('vendor_grant')
    .select('document')
    .where('grant_id', '=', grantId)
    .executeTakeFirst();
  if (known?.document === document) return { kind: 'grant', cid, grantId, lines, changed: false };
  if (known !== undefined)
    throw new LicenseError('grant_conflict', { what: { en: `grant ${grantId}`, zh: `授权 ${grantId}` } });

  await importCompany(transaction, grant);
  const now = await audit.timeOf(cid);
  await db
    .insertInto('vendor_grant')
    .values({ grant_id: grantId, cid, document, imported_at: now, replaced_by: null })
    .execute();
  if (replaces === undefined) await addLines(transaction, grant, terms);
  else await replaceLines(transaction, grant, replaces, () => addLines(transaction, grant, terms));
  await audit.append(cid, {
    actor,
    action: 'grant.import',
    subject: grantId,
    detail: { lines, ...(replaces && { replaces }) },
  });
  return { kind: 'grant', cid, grantId, lines, changed: true };
}

async function importCompany({ db, audit }: Transaction, { cid, name, apps }: Grant): Promise<void> {
  const now = await audit.timeOf(cid);
  await db
    .insertInto('company')
    .values({ cid, name, created_at: now })
    .onConflict((conflict) => conflict.column('cid').doUpdateSet({ name }))
    .execute();
  for (const { appId, vid, name: appName, preallocation, pcu } of apps) {
    const owner = await db.selectFrom('app').select('cid').where('app_id', '=', appId).executeTakeFirst();
    if (owner !== undefined && owner.cid !== cid)
      throw new LicenseError('grant_conflict', { what: { en: `App ${appId}`, zh: `App ${appId}` } });
    const values = { vid, name: appName, preallocation: preallocation ? 1 : 0, pcu: pcu ?? null };
    await db
      .insertInto('app')
      .values({ app_id: appId, cid, ...values, fingerprint_key: newSecret(), created_at: now })
      .onConflict((conflict) => conflict.column('app_id').doUpdateSet(values))
      .execute();
  }
}

/** Adds lines and raises the pools they feed. A line that another grant brought already would count twice. */
async function addLines(
  { db }: Transaction,
  { grantId, cid }: Grant,
  terms: readonly { claims: Terms; document: string }[],
): Promise<void> {
  const last = await db
    .selectFrom('terms')
    .select(({ fn }) => fn.max('position').as('position'))
    .where('cid', '=', cid)
    .executeTakeFirst();
  let position = Number(last?.position ?? 0);
  for (const { claims, document } of terms) {
    const { termsId, kind, pid, count } = claims;
    const appId = claims.appId ?? SHARED;
    const known = await db
      .selectFrom('terms')
      .select('grant_id')
      .where('terms_id', '=', termsId)
      .executeTakeFirst();
    if (known !== undefined)
      throw new LicenseError('grant_conflict', {
        what: {
          en: `line ${termsId} (grant ${known.grant_id})`,
          zh: `条款 ${termsId}（授权 ${known.grant_id}）`,
        },
      });
    position += 1;
    await db
      .insertInto('terms')
      .values({
        terms_id: termsId,
        grant_id: grantId,
        cid,
        kind,
        pid,
        renew_id: claims.kind === 'renewal' ? claims.renewId : null,
        app_id: appId,
        count,
        used: 0,
        document,
        claims: JSON.stringify(claims),
        position,
        withdrawn: 0,
      })
      .execute();
    if (kind === 'renewal') continue;
    await db
      .insertInto('quota')
      .values({ cid, pid, app_id: appId, granted: count, used: 0, overdraft: 0 })
      .onConflict((conflict) =>
        conflict
          .columns(['cid', 'pid', 'app_id'])
          .doUpdateSet(({ eb }) => ({ granted: eb('quota.granted', '+', count) })),
      )
      .execute();
  }
}
