import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CountedTime } from '../../agent/counted-time.ts';

test('stretches that overlap count once, whatever their order', () => {
  const stretch = fc.tuple(fc.nat(200), fc.nat(60)).map(([from, length]) => [from, from + length] as const);
  fc.assert(
    fc.property(fc.array(stretch), (stretches) => {
      const time = new CountedTime();
      const counted = stretches.reduce((sum, [from, to]) => sum + time.add(from, to), 0);
      const seconds = new Set(
        stretches.flatMap(([from, to]) => Array.from({ length: to - from }, (_, index) => from + index)),
      );
      expect(counted).toBe(seconds.size);
    }),
  );
});

test('what was forgotten does not make later time count twice', () => {
  const time = new CountedTime();
  expect(time.add(0, 60)).toBe(60);
  expect(time.add(30, 90)).toBe(30);
  time.forget(60);
  expect(time.add(60, 90)).toBe(0);
  expect(time.add(90, 60)).toBe(0);
});
