import { rootSuccessionDocument, type SignedSuccession } from '#core/documents/root-succession.ts';
import { generateSigningKey, type SigningKey } from '#core/keys.ts';
import { NOW } from './world.ts';

/** The two keys of one version of a vendor's root. */
export interface RootPair {
  readonly root: SigningKey;
  readonly spare: SigningKey;
}

export const newPair = (): RootPair => ({ root: generateSigningKey(), spare: generateSigningKey() });

export const successionClaims = (version: number, { root, spare }: RootPair, iat = NOW) => ({
  version,
  root: root.jwk,
  spare: spare.jwk,
  iat,
});

/** A succession signed by a pair, which need not be the one before it. */
export const signedBy = async (by: RootPair, claims: object): Promise<SignedSuccession> => ({
  root: await rootSuccessionDocument.sign(claims as never, by.root),
  spare: await rootSuccessionDocument.sign(claims as never, by.spare),
});

/** A vendor that replaced its root so many times: the pair of each version, and what leads from one to the next. */
export async function replaceRoot(first: RootPair, times: number, iat = NOW) {
  const pairs: RootPair[] = [first];
  const chain: SignedSuccession[] = [];
  for (let version = 2; version < times + 2; version += 1) {
    const next = newPair();
    chain.push(await signedBy(pairs.at(-1) as RootPair, successionClaims(version, next, iat)));
    pairs.push(next);
  }
  return { pairs, chain, newest: pairs.at(-1) as RootPair };
}
