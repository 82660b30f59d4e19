import * as Type from 'typebox';
import { LicenseError } from '../errors.ts';
import { PublicJwk, type VerificationKey, verificationKey } from '../keys.ts';
import { parseJson } from '../shapes.ts';

/** What a device maker bakes into the device: `/etc/license-agent/vendor-roots.json`. */
export const VendorRoots = Type.Object({
  version: Type.Literal(1),
  vendor: Type.String({ minLength: 1, maxLength: 200 }),
  /** Signs grants, terms and certificates. */
  root: PublicJwk,
  /** Pinned from the start; together with the root it may name a successor. */
  spare: PublicJwk,
});
export type VendorRoots = Type.Static<typeof VendorRoots>;

export interface PinnedRoots {
  readonly vendor: string;
  readonly root: VerificationKey;
  readonly spare: VerificationKey;
}

/**
 * Reads a roots file.
 *
 * @param where name of the file, for the message
 * @throws `vendor_roots_malformed`
 */
export function parseVendorRoots(text: string, where: string): PinnedRoots {
  const { vendor, root, spare } = parseJson(VendorRoots, text, 'vendor_roots_malformed', where);
  try {
    return { vendor, root: verificationKey(root), spare: verificationKey(spare) };
  } catch (cause) {
    throw new LicenseError(
      'vendor_roots_malformed',
      { where, problem: { en: 'holds a key that is not canonical', zh: '其中的密钥编码不规范' } },
      { cause },
    );
  }
}
