import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BoundFingerprint,
  bindFingerprint,
  COMPONENTS,
  type ComponentName,
  type Components,
  digestComponents,
  Fingerprint,
  type FingerprintMatch,
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

/** What the server says of a device that comes back as another set of components. */
const matchOf = (before: Components, after: Components) =>
  matchFingerprint(digestComponents(before, key), digestComponents(after, key));

describe('a device in the field', () => {
  const board = {
    boardSerial: ['B-1'],
    productUuid: ['U-1'],
    macs: ['00:1b:21:aa:bb:01', '00:1b:21:aa:bb:02'],
    diskSerial: ['D-1'],
  } satisfies Components;

  test.each<[string, Components, FingerprintMatch]>([
    ['with a new network card is the same', { ...board, macs: ['00:1b:21:cc:dd:01'] }, 'same'],
    [
      'with a second card is the same',
      { ...board, macs: ['00:1b:21:aa:bb:01', '00:1b:21:00:00:09'] },
      'same',
    ],
    ['with a new disk is the same', { ...board, diskSerial: ['D-2'] }, 'same'],
    [
      'whose serial numbers are not readable now is the same',
      { macs: board.macs, diskSerial: ['D-1'] },
      'same',
    ],
    [
      'with a new card and a new disk at once is for the operator',
      { ...board, macs: ['x'], diskSerial: ['D-2'] },
      'different',
    ],
    [
      'whose disk went to another board is another',
      { boardSerial: ['B-2'], productUuid: ['U-2'], macs: ['00:1b:21:ee:ff:01'], diskSerial: ['D-1'] },
      'different',
    ],
    [
      'whose image was copied to another board and another disk is another',
      { boardSerial: ['B-2'], productUuid: ['U-2'], macs: ['00:1b:21:ee:ff:01'], diskSerial: ['D-2'] },
      'different',
    ],
    ['of which one component is known is for the operator', { macs: board.macs }, 'undecided'],
  ])('%s', (_, after, match) => {
    expect(matchOf(board, after)).toBe(match);
  });

  test('with one board serial number and little else is told from a copy by its card', () => {
    const small = { socSerial: ['S-1'], macs: ['00:1b:21:aa:bb:01'] };
    expect(matchOf(small, { socSerial: ['S-2'], macs: ['00:1b:21:aa:bb:01'] })).toBe('different');
    expect(matchOf(small, small)).toBe('same');
  });
});

describe('of any two machines', () => {
  const values = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 3 });
  const components = fc.record(
    Object.fromEntries(COMPONENTS.map((name) => [name, values])) as Record<ComponentName, typeof values>,
    { requiredKeys: [] },
  ) as fc.Arbitrary<Components>;

  test('the rule is the published one, the same from both sides, in requests and in tokens', () => {
    fc.assert(
      fc.property(components, components, (one, other) => {
        const both = COMPONENTS.filter((name) => one[name] && other[name]);
        const equal = both.filter((name) => one[name]?.some((value) => other[name]?.includes(value))).length;
        const rule = both.length < 2 ? 'undecided' : equal * 2 > both.length ? 'same' : 'different';
        expect(matchOf(one, other)).toBe(rule);
        expect(matchOf(other, one)).toBe(rule);
        const [known, seen] = [digestComponents(one, key), digestComponents(other, key)];
        expect(matchFingerprint(bindFingerprint(known, license), bindFingerprint(seen, license))).toBe(rule);
      }),
    );
  });

  test('a component that one of them stops telling never makes it another', () => {
    fc.assert(
      fc.property(components, fc.subarray([...COMPONENTS]), (whole, hidden) => {
        const after = Object.fromEntries(
          Object.entries(whole).filter(([name]) => !hidden.includes(name as ComponentName)),
        );
        expect(matchOf(whole, after)).not.toBe('different');
      }),
    );
  });

  test('a changed component of three or more is never another device', () => {
    fc.assert(
      fc.property(components, fc.constantFrom(...COMPONENTS), (whole, changed) => {
        fc.pre(Object.keys(whole).length >= 3 && whole[changed] !== undefined);
        expect(matchOf(whole, { ...whole, [changed]: ['another'] })).toBe('same');
      }),
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
