import * as Type from 'typebox';
import type { EpochSeconds } from '../clock.ts';
import { type Bilingual, LicenseError } from '../errors.ts';
import { PublicJwk, verificationKey } from '../keys.ts';
import { parseJson } from '../shapes.ts';
import {
  type KnownRoots,
  MAX_SUCCESSIONS,
  RootSuccession,
  rootSuccessionDocument,
  type SignedSuccession,
} from './root-succession.ts';

/** What a device maker bakes into the device: `/etc/license-agent/vendor-roots.json`. */
export const VendorRoots = Type.Object({
  version: Type.Literal(1),
  vendor: Type.String({ minLength: 1, maxLength: 200 }),
  /** Signs grants, terms and certificates. */
  root: PublicJwk,
  /** Pinned from the start; together with the root it names a successor. */
  spare: PublicJwk,
  /** The roots before this one, oldest first. */
  previous: Type.Optional(Type.Array(PublicJwk, { maxItems: MAX_SUCCESSIONS })),
  /** What leads a device that pins one of those to this one. */
  rootSuccession: Type.Optional(RootSuccession),
});
export type VendorRoots = Type.Static<typeof VendorRoots>;

export interface PinnedRoots extends KnownRoots {
  readonly vendor: string;
}

/**
 * Reads a roots file. Its keys are believed because of where it lies; what it carries for others is not verified here.
 *
 * @param where name of the file, for the message
 * @throws `vendor_roots_malformed`
 */
export function parseVendorRoots(text: string, where: string): PinnedRoots {
  const file = parseJson(VendorRoots, text, 'vendor_roots_malformed', where);
  const { vendor, previous = [], rootSuccession = [] } = file;
  if (previous.length !== rootSuccession.length) {
    throw malformed(where, {
      en: 'does not tell of each root how it was replaced',
      zh: '未说明各旧根密钥如何被替换',
    });
  }
  try {
    const root = verificationKey(file.root);
    const earlier = previous.map((jwk, index) => ({
      ...verificationKey(jwk),
      replacedAt: replacedAt(rootSuccession[index]),
    }));
    const all = [root, ...earlier.toReversed()];
    return { vendor, root, spare: verificationKey(file.spare), all, rootSuccession };
  } catch (cause) {
    throw malformed(
      where,
      { en: 'holds a key or a succession that cannot be read', zh: '其中的密钥或更替文件无法读取' },
      cause,
    );
  }
}

function replacedAt(link: SignedSuccession | undefined): EpochSeconds {
  return rootSuccessionDocument.parse(link?.root).claims.iat;
}

function malformed(where: string, problem: Bilingual, cause?: unknown): LicenseError {
  return new LicenseError('vendor_roots_malformed', { where, problem }, { cause });
}
