import type { Kysely } from 'kysely';
import { type Grant, type VerifiedGrant, verifyGrant } from '#core/documents/grant.ts';
import type { Terms } from '#core/documents/terms.ts';
import { LicenseError } from '#core/errors.ts';
import { newSecret } from '#core/ids.ts';
import type { VerificationKey } from '#core/keys.ts';
import type { Transaction } from '../store/database.ts';
import { type Columns, columnNames, selectRows } from '../store/rows.ts';
import type { Schema, TermsTable } from '../store/schema.ts';
import { SHARED } from './quota.ts';
import { VENDOR } from './record-allocations.ts';
import { replaceLines } from './replace-lines.ts';
import { SeatPools } from './seat-pools.ts';
import { settlePools } from './settle-pools.ts';

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
  const pids = await touchedPids(db, terms, replaces);
  const before = await SeatPools.load(
    db,
    pids.map((pid) => ({ cid, pid })),
  );
  await addLines(db, grant, terms);
  if (replaces !== undefined) await replaceLines(transaction, grant, replaces);
  const settled = await settlePools(transaction, grant, pids, before);
  await audit.append(cid, {
    actor,
    action: 'grant.import',
    subject: grantId,
    detail: { lines, ...(replaces && { replaces }) },
  });
  for (const { appId, pid, count } of settled) {
    const detail = { appId, pid, count, creator: VENDOR, grantId };
    await audit.append(cid, { actor, action: 'quota.allocate', subject: appId, detail });
  }
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

/** PIDs of the seats that a grant brings or takes the place of. */
async function touchedPids(
  db: Kysely<Schema>,
  terms: VerifiedGrant['terms'],
  replaces: string | undefined,
): Promise<string[]> {
  const brought = terms.flatMap(({ claims: { kind, pid } }) => (kind === 'purchase' ? pid : []));
  const replaced = await db
    .selectFrom('terms')
    .select('pid')
    .where('grant_id', '=', replaces ?? '')
    .where('kind', '=', 'purchase')
    .execute();
  return [...new Set([...brought, ...replaced.map(({ pid }) => pid)])];
}

const LINE_COLUMNS = {
  terms_id: 'text',
  grant_id: 'text',
  cid: 'text',
  kind: 'text',
  pid: 'text',
  renew_id: 'text',
  app_id: 'text',
  count: 'integer',
  used: 'integer',
  document: 'text',
  claims: 'text',
  position: 'integer',
  withdrawn: 'integer',
} as const satisfies Columns<TermsTable>;

/** Adds lines, behind those that are there. One that another grant brought already would count twice. */
async function addLines(
  db: Kysely<Schema>,
  { grantId, cid }: Grant,
  terms: VerifiedGrant['terms'],
): Promise<void> {
  if (terms.length === 0) return;
  const known = await db
    .selectFrom('terms')
    .select(['terms_id', 'grant_id'])
    .where(
      'terms_id',
      'in',
      terms.map(({ claims }) => claims.termsId),
    )
    .limit(1)
    .executeTakeFirst();
  if (known !== undefined) {
    const { terms_id, grant_id } = known;
    const what = { en: `line ${terms_id} (grant ${grant_id})`, zh: `条款 ${terms_id}（授权 ${grant_id}）` };
    throw new LicenseError('grant_conflict', { what });
  }
  const last = await db
    .selectFrom('terms')
    .select(({ fn }) => fn.max('position').as('position'))
    .where('cid', '=', cid)
    .executeTakeFirst();
  const position = Number(last?.position ?? 0);
  const rows = terms.map(({ claims, document }, index) => ({
    terms_id: claims.termsId,
    grant_id: grantId,
    cid,
    kind: claims.kind,
    pid: claims.pid,
    renew_id: claims.kind === 'renewal' ? claims.renewId : null,
    app_id: claims.appId ?? SHARED,
    count: claims.count,
    used: 0,
    document,
    claims: JSON.stringify(claims),
    position: position + 1 + index,
    withdrawn: 0,
  }));
  await db
    .insertInto('terms')
    .columns(columnNames(LINE_COLUMNS))
    .expression(selectRows<TermsTable>(db, LINE_COLUMNS, rows))
    .execute();
}
