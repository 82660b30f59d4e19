import * as Type from 'typebox';
import { type Bilingual, LicenseError } from '../errors.ts';
import type { VerificationKey } from '../keys.ts';
import { AppId, Cid, Compact, Count, Epoch, Id, Name, Vid } from '../shapes.ts';
import { defineDocument } from './signed-document.ts';
import { type Terms, verifyTerms } from './terms.ts';

/** A project of the company, as the vendor enabled it. */
export const GrantedApp = Type.Object({
  appId: AppId,
  vid: Vid,
  name: Name,
  /** Whether quota may be reserved for this App (预分配). */
  preallocation: Type.Boolean(),
  pcu: Type.Optional(Count),
});
export type GrantedApp = Type.Static<typeof GrantedApp>;

export const Grant = Type.Object({
  grantId: Id,
  /** The license server that may import it. */
  aud: Id,
  cid: Cid,
  name: Name,
  apps: Type.Array(GrantedApp, { minItems: 1, maxItems: 1000 }),
  terms: Type.Array(Compact, { maxItems: 500 }),
  /** An earlier grant whose lines this one takes the place of. */
  replaces: Type.Optional(Id),
  iat: Epoch,
});
export type Grant = Type.Static<typeof Grant>;

/** What a company bought: signed by the vendor root, read by the license server. */
export const grantDocument = defineDocument({
  typ: 'license-grant+jwt',
  schema: Grant,
  maxBytes: 4 * 1024 * 1024,
});

export interface VerifiedGrant {
  readonly grant: Grant;
  readonly terms: readonly { readonly claims: Terms; readonly document: string }[];
}

/**
 * Verifies a grant and each of its terms lines, which are documents of their own, and that they belong
 * together: same company, Apps that the grant enables, no line twice.
 *
 * @throws as {@link grantDocument}.verify and {@link verifyTerms}; `grant_inconsistent`
 */
export async function verifyGrant(
  compact: unknown,
  roots: readonly VerificationKey[],
): Promise<VerifiedGrant> {
  const grant = await grantDocument.verify(compact, roots);
  const apps = new Set(grant.apps.map(({ appId }) => appId));
  if (apps.size !== grant.apps.length)
    inconsistent(grant, { en: 'names an App twice', zh: '同一 App 出现两次' });
  const seen = new Set<string>();
  const terms = await Promise.all(
    grant.terms.map(async (document) => {
      const claims = await verifyTerms(document, roots);
      const { termsId, cid, appId } = claims;
      const fail = (en: string, zh: string) =>
        inconsistent(grant, { en: `line ${termsId} ${en}`, zh: `条款 ${termsId} ${zh}` });
      if (cid !== grant.cid) fail(`is for company ${cid}`, `属于企业 ${cid}`);
      if (appId !== undefined && !apps.has(appId))
        fail('is for an App that is not enabled', '所属的 App 未启用');
      if (seen.has(termsId)) fail('stands twice', '重复出现');
      seen.add(termsId);
      return { claims, document };
    }),
  );
  return { grant, terms };
}

function inconsistent({ grantId }: Grant, problem: Bilingual): never {
  throw new LicenseError('grant_inconsistent', { grantId, problem });
}
