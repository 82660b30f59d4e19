import { createHmac } from 'node:crypto';
import * as Type from 'typebox';
import { Digest128, Sha256 } from '../shapes.ts';

/** The parts of a machine that make it recognisable. machine-id is not among them: images share it. */
export const COMPONENTS = [
  'boardSerial',
  'productUuid',
  'socSerial',
  'macs',
  'diskSerial',
  'tpmKey',
] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/** What a machine says of itself, by component; a component may have several values (network cards). */
export type Components = Partial<Record<ComponentName, readonly string[]>>;

/** Several values of one component, bounded so that a token stays small. */
const MAX_VALUES = 4;

/** The shape of something that is said of each component: up to so many values, or nothing. */
export const componentsOf = <S extends Type.TSchema>(value: S, maxItems = MAX_VALUES) => {
  const values = Type.Optional(Type.Array(value, { minItems: 1, maxItems }));
  return Type.Object({
    boardSerial: values,
    productUuid: values,
    socSerial: values,
    macs: values,
    diskSerial: values,
    tpmKey: values,
  });
};

/** As a request carries it: d = HMAC-SHA256(fingerprint key of the App, `name:value`). */
export const Fingerprint = componentsOf(Sha256);
export type Fingerprint = Type.Static<typeof Fingerprint>;

/** As a token carries it: HMAC-SHA256(d, license) cut to 128 bits, so that tokens of one device do not link. */
export const BoundFingerprint = componentsOf(Digest128);
export type BoundFingerprint = Type.Static<typeof BoundFingerprint>;

/**
 * Digests of what a machine says of itself, so that neither server nor token learns a serial number. Of several
 * values the lowest are taken, so that the order in which the kernel finds its cards does not matter.
 */
export function digestComponents(components: Components, fingerprintKey: string): Fingerprint {
  const key = Buffer.from(fingerprintKey, 'base64url');
  return mapComponents(components, (value, name) =>
    createHmac('sha256', key).update(`${name}:${value}`).digest('base64url'),
  );
}

/** A fingerprint tied to one license, for the token. */
export function bindFingerprint(fingerprint: Fingerprint, license: string): BoundFingerprint {
  return mapComponents(fingerprint, (digest) =>
    createHmac('sha256', Buffer.from(digest, 'base64url'))
      .update(license)
      .digest()
      .subarray(0, 16)
      .toString('base64url'),
  );
}

/** `same`: surely this device. `different`: surely another. `undecided`: too little known; an operator decides. */
export type FingerprintMatch = 'same' | 'different' | 'undecided';

const ENOUGH_COMPONENTS = 2;

/**
 * Compares by components known to both; a component matches where any of its values does. At least 2 known to
 * both are needed: more than half of them equal is the same device, at most half another. Source: protocol,
 * Identity, "Fingerprint components".
 */
export function matchFingerprint<T extends Fingerprint | BoundFingerprint>(
  known: T,
  seen: T,
): FingerprintMatch {
  const both = COMPONENTS.filter((name) => known[name] !== undefined && seen[name] !== undefined);
  if (both.length < ENOUGH_COMPONENTS) return 'undecided';
  const equal = both.filter((name) => known[name]?.some((value) => seen[name]?.includes(value)));
  return equal.length * 2 > both.length ? 'same' : 'different';
}

function mapComponents(
  components: Components,
  map: (value: string, name: ComponentName) => string,
): Partial<Record<ComponentName, string[]>> {
  return Object.fromEntries(
    COMPONENTS.flatMap((name) => {
      const values = [...new Set(components[name])].toSorted().slice(0, MAX_VALUES);
      return values.length > 0 ? [[name, values.map((value) => map(value, name))]] : [];
    }),
  );
}
