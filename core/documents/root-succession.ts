import { isDeepStrictEqual } from 'node:util';
import * as Type from 'typebox';
import { type Bilingual, LicenseError } from '../errors.ts';
import { PublicJwk, type VerificationKey, verificationKey } from '../keys.ts';
import { Compact, Epoch } from '../shapes.ts';
import { defineDocument } from './signed-document.ts';

/** How often a vendor's root can be replaced in the life of a device. */
export const MAX_SUCCESSIONS = 8;

export const SuccessionClaims = Type.Object({
  /** The root that a device was made with is version 1; only rises. */
  version: Type.Integer({ minimum: 2, maximum: 1 + MAX_SUCCESSIONS }),
  root: PublicJwk,
  spare: PublicJwk,
  iat: Epoch,
});
export type SuccessionClaims = Type.Static<typeof SuccessionClaims>;

/** The vendor's word that new root keys take the place of the present ones. */
export const rootSuccessionDocument = defineDocument({
  typ: 'license-root+jwt',
  schema: SuccessionClaims,
  maxBytes: 1024,
});

/** One succession: the same claims, signed by the root and by the spare root that it replaces. */
export const SignedSuccession = Type.Object({ root: Compact, spare: Compact });
export type SignedSuccession = Type.Static<typeof SignedSuccession>;

/** All successions of a vendor, version 2 first. */
export const RootSuccession = Type.Array(SignedSuccession, { maxItems: MAX_SUCCESSIONS });
export type RootSuccession = Type.Static<typeof RootSuccession>;

/** The root keys of a vendor as they are known now. */
export interface KnownRoots {
  /** Signs grants, terms and certificates. */
  readonly root: VerificationKey;
  /** Together with the root it names a successor. */
  readonly spare: VerificationKey;
  /**
   * The roots of every version, newest first: what an earlier one signed before it was replaced stays good.
   */
  readonly all: readonly VerificationKey[];
  /** What led from version 1 to here: one less than there are versions. */
  readonly rootSuccession: RootSuccession;
}

/**
 * Follows a chain of successions from the roots that are known: each new version must be signed by the root **and**
 * the spare root before it, so that neither key alone can move a device. Versions that are known already are passed
 * over; a shorter chain changes nothing. Source: protocol, "root succession"; Trust.
 *
 * @returns the same object where nothing is new
 * @throws `root_succession_invalid`
 */
export async function adoptSuccession(known: KnownRoots, chain: RootSuccession): Promise<KnownRoots> {
  let roots = known;
  for (const link of chain.slice(known.rootSuccession.length)) roots = await follow(roots, link);
  return roots;
}

async function follow(known: KnownRoots, link: SignedSuccession): Promise<KnownRoots> {
  const version = known.rootSuccession.length + 2;
  const claims = await vouchedFor(link.root, known.root, version);
  if (!isDeepStrictEqual(claims, await vouchedFor(link.spare, known.spare, version)))
    invalid(version, { en: 'its two halves say different things', zh: '两份签名文件的内容不一致' });
  if (claims.version !== version)
    invalid(version, { en: `it says version ${claims.version}`, zh: `文件中的版本为 ${claims.version}` });
  const { root, spare } = keysOf(claims, version);
  const earlier = [...known.all, known.spare].map(({ thumbprint }) => thumbprint);
  if (new Set([root.thumbprint, spare.thumbprint, ...earlier]).size !== earlier.length + 2)
    invalid(version, { en: 'its keys are not new', zh: '其中的密钥并非新密钥' });
  return {
    root,
    spare,
    all: [root, { ...known.root, replacedAt: claims.iat }, ...known.all.slice(1)],
    rootSuccession: [...known.rootSuccession, link],
  };
}

async function vouchedFor(compact: string, key: VerificationKey, version: number): Promise<SuccessionClaims> {
  try {
    return await rootSuccessionDocument.verify(compact, [key]);
  } catch (cause) {
    if (!(cause instanceof LicenseError)) throw cause;
    const problem = {
      en: 'it is not signed by both the root and the spare root before it',
      zh: '未同时由前一版本的根密钥与备用密钥签名',
    };
    throw new LicenseError('root_succession_invalid', { version, problem }, { cause });
  }
}

function keysOf({ root, spare }: SuccessionClaims, version: number) {
  try {
    return { root: verificationKey(root), spare: verificationKey(spare) };
  } catch {
    return invalid(version, { en: 'a key is not canonical', zh: '密钥编码不规范' });
  }
}

function invalid(version: number, problem: Bilingual): never {
  throw new LicenseError('root_succession_invalid', { version, problem });
}

/**
 * That a signature is by the newest root, not by one that was replaced: whoever holds an old key can put an early `iat`
 * into what it signs today, but nothing new is believed under it.
 *
 * @param kid thumbprint of the signer; one that is no root at all is left to the document's verify
 * @throws `root_succeeded`
 */
export function requireNewestRoot(kid: string, roots: KnownRoots): void {
  const version = rootVersionOf(kid, roots);
  if (version !== undefined && version < roots.all.length) throw new LicenseError('root_succeeded', { kid });
}

/** The version of the root with this thumbprint, the first is 1; undefined where it is none of them. */
export function rootVersionOf(kid: string, { all }: KnownRoots): number | undefined {
  const at = all.findIndex(({ thumbprint }) => thumbprint === kid);
  return at === -1 ? undefined : all.length - at;
}
