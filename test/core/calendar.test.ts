import { expect, test } from 'vitest';
import { addValidity, END_OF_TIME, isWithinPeriod } from '#core/calendar.ts';
import type { Validity } from '#core/catalog.ts';

const at = (iso: string) => Date.parse(iso) / 1000;

test("the contract's examples come out to the second", () => {
  expect(addValidity(1_663_743_436, { unit: 'year', count: 1 })).toBe(1_695_279_436);
  expect(addValidity(1_660_205_290, { unit: 'month', count: 3 })).toBe(1_668_154_090);
});

test.each<[string, Validity, string]>([
  ['2025-01-31T10:20:30Z', { unit: 'month', count: 1 }, '2025-02-28T10:20:30Z'],
  ['2024-01-31T10:20:30Z', { unit: 'month', count: 1 }, '2024-02-29T10:20:30Z'],
  ['2025-11-30T00:00:00Z', { unit: 'month', count: 3 }, '2026-02-28T00:00:00Z'],
  ['2025-08-31T23:59:59Z', { unit: 'month', count: 3 }, '2025-11-30T23:59:59Z'],
  ['2024-02-29T12:00:00Z', { unit: 'year', count: 1 }, '2025-02-28T12:00:00Z'],
  ['2024-02-29T12:00:00Z', { unit: 'year', count: 4 }, '2028-02-29T12:00:00Z'],
  ['2024-02-29T12:00:00Z', { unit: 'month', count: 12 }, '2025-02-28T12:00:00Z'],
  ['1970-01-01T00:00:00Z', { unit: 'year', count: 100 }, '2070-01-01T00:00:00Z'],
  ['2099-12-31T23:59:59Z', { unit: 'year', count: 1 }, '2100-12-31T23:59:59Z'],
])('%s and %j end at %s', (start, validity, end) => {
  expect(addValidity(at(start), validity)).toBe(at(end));
});

test('nothing ends after the year 9999', () => {
  expect(addValidity(END_OF_TIME, { unit: 'year', count: 100 })).toBe(END_OF_TIME);
});

test.each<[string, string, string, boolean]>([
  ['2026-03-01T00:00:00Z', '00:00~23:59', 'UTC', true],
  ['2026-03-01T23:59:59Z', '00:00~23:59', 'UTC', true],
  ['2026-03-01T07:59:59Z', '08:00~18:00', 'UTC', false],
  ['2026-03-01T08:00:00Z', '08:00~18:00', 'UTC', true],
  ['2026-03-01T18:00:59Z', '08:00~18:00', 'UTC', true],
  ['2026-03-01T18:01:00Z', '08:00~18:00', 'UTC', false],
  ['2026-03-01T00:00:00Z', '08:00~18:00', 'Asia/Shanghai', true],
  ['2026-03-01T10:01:00Z', '08:00~18:00', 'Asia/Shanghai', false],
  ['2026-03-01T21:59:59Z', '22:00~06:00', 'UTC', false],
  ['2026-03-01T22:00:00Z', '22:00~06:00', 'UTC', true],
  ['2026-03-02T00:00:00Z', '22:00~06:00', 'UTC', true],
  ['2026-03-02T06:00:59Z', '22:00~06:00', 'UTC', true],
  ['2026-03-02T06:01:00Z', '22:00~06:00', 'UTC', false],
  ['2026-03-01T12:00:30Z', '12:00~12:00', 'UTC', true],
  ['2026-03-01T12:01:00Z', '12:00~12:00', 'UTC', false],
  // Summer time: 07:30 of Berlin's clock is 06:30 UTC in winter and 05:30 UTC in summer.
  ['2026-01-15T06:30:00Z', '07:30~07:30', 'Europe/Berlin', true],
  ['2026-07-15T05:30:00Z', '07:30~07:30', 'Europe/Berlin', true],
  ['2026-07-15T06:30:00Z', '07:30~07:30', 'Europe/Berlin', false],
  // A zone with a quarter hour.
  ['2026-03-01T02:15:00Z', '08:00~08:00', 'Asia/Kathmandu', true],
])('%s lies in %s of %s: %s', (moment, period, zone, within) => {
  expect(isWithinPeriod(at(moment), period, zone)).toBe(within);
});
