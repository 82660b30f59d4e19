import {
  MAX_SUCCESSIONS,
  rootSuccessionDocument,
  type SignedSuccession,
  type SuccessionClaims,
} from '#core/documents/root-succession.ts';
import type { SigningKey } from '#core/keys.ts';
import { forgeries } from './forgeries.ts';
import { idOf, type KeyName, keys, NOW, publishedKeys } from './parties.ts';
import type { VectorCase, VectorFile } from './vector-file.ts';

interface Pair {
  readonly root: SigningKey;
  readonly spare: SigningKey;
}

const first: Pair = { root: keys.root, spare: keys.spare };
const second: Pair = { root: keys.root2, spare: keys.spare2 };
const third: Pair = { root: keys.root3, spare: keys.spare3 };
const stranger: Pair = { root: keys.stranger, spare: keys.device };

const claimsFor = (version: number, { root, spare }: Pair): SuccessionClaims => ({
  version,
  root: root.jwk,
  spare: spare.jwk,
  iat: NOW,
});
const sign = (claims: SuccessionClaims, key: SigningKey) => rootSuccessionDocument.sign(claims, key);
const signed = async (claims: SuccessionClaims, by: Pair): Promise<SignedSuccession> => ({
  root: await sign(claims, by.root),
  spare: await sign(claims, by.spare),
});

/** Chains of successions: which the holder of pinned roots follows, and which it must not. */
export async function rootSuccessionVectors(): Promise<VectorFile> {
  const claims = claimsFor(2, second);
  const one = await signed(claims, first);
  const two = await signed(claimsFor(3, third), second);
  const pinned = { root: 'root', spare: 'spare' };
  const follows = (
    name: string,
    chain: readonly SignedSuccession[],
    roots: readonly KeyName[],
  ): VectorCase => ({
    ...{ name, pinned, rootSuccession: chain, valid: true },
    roots: roots.map((key) => keys[key].thumbprint),
  });
  const refuses = (name: string, ...rootSuccession: SignedSuccession[]): VectorCase => ({
    ...{ name, pinned, rootSuccession, valid: false, code: 'root_succession_invalid' },
  });
  const bent = async (name: string, changes: object) =>
    refuses(name, await signed({ ...claims, ...changes }, first));
  const key = keys.root;
  const { typ, maxBytes } = rootSuccessionDocument;
  // The forgeries look for an id; an unknown claim is kept.
  const marked = { ...claims, jti: idOf('succession') };
  const good = await signed(marked, first);
  const forged = forgeries({ typ, maxBytes, key, claims: marked, otherKid: 'issuer_untrusted' })
    .flatMap(({ name, document }) => (typeof document === 'string' ? { name, document } : []))
    .map(({ name, document }) =>
      refuses(`the half of the root: ${name}`, { root: document, spare: good.spare }),
    );
  return {
    description: `Chains of at most ${MAX_SUCCESSIONS} successions of the vendor root, from the pinned root and spare. Each link holds the same claims twice, signed by the root and by the spare before it; versions rise by one from 2; the keys are new.`,
    keys: publishedKeys('root', 'spare', 'root2', 'spare2', 'root3', 'spare3', 'stranger', 'device'),
    cases: [
      follows('no succession', [], ['root']),
      follows('one succession', [one], ['root2', 'root']),
      follows('with a claim that is not known', [good], ['root2', 'root']),
      follows('two successions', [one, two], ['root3', 'root2', 'root']),
      refuses('the second alone', two),
      refuses('in another order', two, one),
      refuses('the first twice', one, one),
      refuses('signed by the root alone', { root: one.root, spare: await sign(claims, first.root) }),
      refuses('signed by the spare alone', { root: await sign(claims, first.spare), spare: one.spare }),
      refuses('halves exchanged', { root: one.spare, spare: one.root }),
      refuses('signed by strangers', await signed(claims, stranger)),
      refuses('a stranger beside the root', { root: one.root, spare: await sign(claims, keys.stranger) }),
      refuses('halves that differ', {
        root: one.root,
        spare: await sign({ ...claims, iat: NOW + 1 }, first.spare),
      }),
      refuses('a later link by the roots before', one, await signed(claimsFor(3, third), first)),
      await bent('a version left out', { version: 3 }),
      await bent('the root again', { root: keys.root.jwk }),
      await bent('the spare as the root', { root: keys.spare.jwk }),
      await bent('one key twice', { spare: keys.root2.jwk }),
      await bent('a key in another spelling', { root: { ...keys.root2.jwk, x: `${'A'.repeat(42)}B` } }),
      ...forged,
    ],
  };
}
