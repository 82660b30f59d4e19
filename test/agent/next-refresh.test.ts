import { describe, expect, test } from 'vitest';
import { nextRefreshDelay, type RefreshSituation } from '../../agent/next-refresh.ts';
import { DAY, HOUR } from './support.ts';

const delay = (situation: Partial<RefreshSituation>, random = 0.5) =>
  nextRefreshDelay({ state: 'active', failures: 0, intervalSeconds: DAY, ...situation }, () => random);

describe('routine', () => {
  test('is daily, less a tenth at random', () => {
    expect(delay({ secondsToEnd: 90 * DAY }, 0)).toBe(DAY);
    expect(delay({ secondsToEnd: 90 * DAY }, 0.999)).toBeGreaterThan(0.9 * DAY - 1);
  });

  test('comes sooner as the end comes near, and never under an hour', () => {
    expect(delay({ secondsToEnd: 20 * HOUR }, 0)).toBe(10 * HOUR);
    expect(delay({ state: 'grace', secondsToEnd: 60 })).toBe(HOUR);
  });

  test.each(['expired', 'suspended', 'different_device'] as const)('is hourly while %s', (state) => {
    expect(delay({ state }, 0)).toBe(HOUR);
    expect(delay({ state }, 0.999)).toBeLessThan(1.1 * HOUR);
  });

  test.each(['unlicensed', 'invalid'] as const)('is at once while %s', (state) => {
    expect(delay({ state })).toBe(0);
  });
});

describe('after failures', () => {
  test('the ceiling doubles from 5 seconds up to an hour', () => {
    const ceilings = [1, 2, 3, 9, 10, 1000].map((failures) => delay({ failures }, 0.999_999));
    expect(ceilings).toEqual([9, 19, 39, 2559, 3599, 3599]);
  });

  test('the delay is anywhere below the ceiling, 5 seconds at least', () => {
    expect(delay({ failures: 10 }, 0)).toBe(5);
    expect(delay({ failures: 10, state: 'unlicensed' }, 0.5)).toBe(1802);
  });

  test('a Retry-After is honoured, up to a day', () => {
    expect(delay({ failures: 1, retryAfterSeconds: 120 })).toBe(120);
    expect(delay({ failures: 1, retryAfterSeconds: 10 * DAY })).toBe(DAY);
  });
});
