import { createHash } from 'node:crypto';
import {
  adoptSuccession,
  type KnownRoots,
  MAX_SUCCESSIONS,
  rootSuccessionDocument,
} from '#core/documents/root-succession.ts';
import type { VendorRoots } from '#core/documents/vendor-roots.ts';
import { LicenseError } from '#core/errors.ts';
import type { SigningKey } from '#core/keys.ts';
import type { SuccessionEntry } from './ledger-entry.ts';

export interface RootKeys {
  readonly root: SigningKey;
  readonly spare: SigningKey;
}

export interface SuccessionSigned {
  readonly roots: VendorRoots;
  readonly entry: SuccessionEntry;
}

/**
 * Signs that new keys take the place of the present ones, with the present root and its spare; then follows it as
 * devices will. Source: protocol, "root succession".
 *
 * @throws `root_successions_spent`; as adoptSuccession
 */
export async function signSuccession(
  known: KnownRoots & { readonly vendor: string },
  present: RootKeys,
  next: RootKeys,
  now: number,
): Promise<SuccessionSigned> {
  const version = known.all.length + 1;
  if (known.rootSuccession.length === MAX_SUCCESSIONS)
    throw new LicenseError('root_successions_spent', { most: MAX_SUCCESSIONS });
  const claims = { version, root: next.root.jwk, spare: next.spare.jwk, iat: now };
  const link = {
    root: await rootSuccessionDocument.sign(claims, present.root),
    spare: await rootSuccessionDocument.sign(claims, present.spare),
  };
  const { all, rootSuccession } = await adoptSuccession(known, [...known.rootSuccession, link]);
  const [, ...earlier] = all;
  const sha256 = createHash('sha256').update(`${link.root}\n${link.spare}`).digest('hex');
  return {
    roots: {
      version: 1,
      vendor: known.vendor,
      root: next.root.jwk,
      spare: next.spare.jwk,
      previous: earlier.map(({ jwk }) => jwk).toReversed(),
      rootSuccession: [...rootSuccession],
    },
    entry: {
      ...{ kind: 'succession', at: now, version, sha256 },
      ...{ root: next.root.thumbprint, spare: next.spare.thumbprint },
    },
  };
}
