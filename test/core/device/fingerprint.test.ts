import { describe, expect, test } from 'vitest';
import {
  BoundFingerprint,
  bindFingerprint,
  COMPONENTS,
  type ComponentName,
  digestComponents,
  Fingerprint,
  matchFingerprint,
} from '#core/device/fingerprint.ts';
import { newId, newSecret } from '#core/ids.ts';
import { shapeProblem } from '#core/shapes.ts';

const key = newSecret();
const license = newId();
const machine = {
  boardSerial: ['B-1'],
  productUuid: ['U-1'],
  socSerial: ['S-1'],
  macs: ['02:00:00:00:00:01', '02:00:00:00:00:02'],
  diskSerial: ['D-1'],
  tpmKey: ['T-1'],
};

/** A machine with `both` components in common with the first, of which `equal` are equal. */
function pair(both: number, equal: number) {
  const known: Fingerprint = {};
  const seen: Fingerprint = {};
  for (const [index, name] of COMPONENTS.entries()) {
    if (index >= both) {
      // Each knows of a component that the other cannot tell.
      (index % 2 ? known : seen)[name] = ['only-one'];
      continue;
    }
    known[name] = [`${name}-value`];
    seen[name] = [index < equal ? `${name}-value` : `${name}-other`];
  }
  return { known, seen };
}

describe('k of n', () => {
  test.each<[both: number, equal: number, match: string]>([
    [0, 0, 'undecided'],
    [1, 0, 'undecided'],
    [1, 1, 'undecided'],
    [2, 0, 'different'],
    [2, 1, 'different'],
    [2, 2, 'same'],
    [3, 0, 'different'],
    [3, 1, 'different'],
    [3, 2, 'same'],
    [3, 3, 'same'],
    [4, 1, 'different'],
    [4, 2, 'different'],
    [4, 3, 'same'],
    [5, 2, 'different'],
    [5, 3, 'same'],
    [6, 3, 'different'],
    [6, 4, 'same'],
    [6, 6, 'same'],
  ])('%i known to both, %i equal: %s', (both, equal, match) => {
    const { known, seen } = pair(both, equal);
    expect(matchFingerprint(known, seen)).toBe(match);
    expect(matchFingerprint(seen, known)).toBe(match);
  });

  test('one network card in common is enough for the component', () => {
    const before = digestComponents({ ...machine, macs: ['a', 'b'] }, key);
    const after = digestComponents({ boardSerial: ['B-1'], macs: ['b', 'c'] }, key);
    expect(matchFingerprint(before, after)).toBe('same');
  });

  test('bound to the license it matches as it does in requests', () => {
    const digests = digestComponents(machine, key);
    const other = digestComponents({ ...machine, boardSerial: ['x'], macs: ['x'], diskSerial: ['x'] }, key);
    expect(matchFingerprint(bindFingerprint(digests, license), bindFingerprint(digests, license))).toBe(
      'same',
    );
    expect(matchFingerprint(bindFingerprint(digests, license), bindFingerprint(other, license))).toBe(
      'different',
    );
    expect(matchFingerprint(bindFingerprint(digests, license), bindFingerprint(digests, newId()))).toBe(
      'different',
    );
  });
});

test('digests have the shapes of request and token, and tell nothing of the serial numbers', () => {
  const digests = digestComponents(machine, key);
  expect(shapeProblem(Fingerprint, digests)).toBeUndefined();
  expect(shapeProblem(BoundFingerprint, bindFingerprint(digests, license))).toBeUndefined();
  expect(JSON.stringify(digests)).not.toMatch(/[BUSDT]-1|02:00/);
});

test('another App key, another component or another license gives unrelated digests', () => {
  const same: Record<ComponentName, string[]> = {
    boardSerial: ['1'],
    productUuid: ['1'],
    socSerial: ['1'],
    macs: ['1'],
    diskSerial: ['1'],
    tpmKey: ['1'],
  };
  const all = [digestComponents(same, key), digestComponents(same, newSecret())].flatMap((digests) =>
    Object.values(digests).flat(),
  );
  expect(new Set(all).size).toBe(12);
  const digests = digestComponents(same, key);
  expect(bindFingerprint(digests, license)).not.toEqual(bindFingerprint(digests, newId()));
});

test('components without values are left out, and unknown ones never enter', () => {
  const strange = { boardSerial: [], machineId: ['x'], macs: ['m'] } as object;
  expect(Object.keys(digestComponents(strange, key))).toEqual(['macs']);
});

test('the order in which the kernel finds its cards does not matter, however many there are', () => {
  const macs = Array.from({ length: 9 }, (_, index) => `02:00:00:00:00:0${index}`);
  const forward = digestComponents({ macs }, key);
  expect(forward.macs).toHaveLength(4);
  expect(digestComponents({ macs: macs.toReversed() }, key)).toEqual(forward);
  expect(digestComponents({ macs: [...macs, ...macs] }, key)).toEqual(forward);
});
