import { expect, test } from 'vitest';
import {
  DEFAULT_ZONE,
  derivePid,
  deriveRenewId,
  Period,
  Sku,
  skuView,
  Validity,
  WHOLE_DAY,
} from '#core/catalog.ts';
import { Name, shapeProblem } from '#core/shapes.ts';
import { ONE_YEAR, VIDEO_SKU } from '../support/world.ts';

test('the same SKU, validity and category give the same PID, however they are written', () => {
  const pid = derivePid(VIDEO_SKU, ONE_YEAR, 'device');
  const { product, mediaType, minutes, period, zone } = VIDEO_SKU;
  expect(pid).toMatch(/^[0-9A-F]{32}$/);
  expect(derivePid({ zone, period, minutes, mediaType, product }, { count: 1, unit: 'year' }, 'device')).toBe(
    pid,
  );
});

test('label and company are no part of the PID', () => {
  const labelled = { ...VIDEO_SKU, label: 'Classroom', name: 'RTC', cid: '717241' };
  expect(derivePid(labelled, ONE_YEAR, 'device')).toBe(derivePid(VIDEO_SKU, ONE_YEAR, 'device'));
});

test('each part changes the PID', () => {
  const pids = [
    derivePid(VIDEO_SKU, ONE_YEAR, 'device'),
    derivePid(VIDEO_SKU, ONE_YEAR, 'account'),
    derivePid(VIDEO_SKU, { unit: 'year', count: 2 }, 'device'),
    derivePid(VIDEO_SKU, { unit: 'month', count: 12 }, 'device'),
    derivePid({ ...VIDEO_SKU, product: 2 }, ONE_YEAR, 'device'),
    derivePid({ ...VIDEO_SKU, mediaType: 1 }, ONE_YEAR, 'device'),
    derivePid({ ...VIDEO_SKU, minutes: 1 }, ONE_YEAR, 'device'),
    derivePid({ ...VIDEO_SKU, period: '00:00~23:58' }, ONE_YEAR, 'device'),
    derivePid({ ...VIDEO_SKU, zone: 'UTC' }, ONE_YEAR, 'device'),
  ];
  expect(new Set(pids).size).toBe(pids.length);
});

test('a renewId follows from PID and renewal validity, and is not a PID', () => {
  const pid = derivePid(VIDEO_SKU, ONE_YEAR, 'device');
  const renewId = deriveRenewId(pid, ONE_YEAR);
  expect(renewId).toMatch(/^[0-9A-F]{32}$/);
  expect(deriveRenewId(pid, ONE_YEAR)).toBe(renewId);
  expect(new Set([pid, renewId, deriveRenewId(pid, { unit: 'year', count: 2 })]).size).toBe(3);
});

test('skuView is the documented object in its documented order; the label stands in for the name', () => {
  expect(JSON.stringify(skuView(VIDEO_SKU))).toBe(
    '{"product":1,"name":"RTC","mediaType":3,"minutes":0,"period":"00:00~23:59"}',
  );
  expect(skuView({ ...VIDEO_SKU, product: 2 }).name).toBe('RTSA');
  expect(skuView({ ...VIDEO_SKU, product: 3 }, '').name).toBe('FPA');
  expect(skuView(VIDEO_SKU, '课堂').name).toBe('课堂');
});

test.each<[unknown, boolean]>([
  [{ unit: 'month', count: 2 }, false],
  [{ unit: 'month', count: 3 }, true],
  [{ unit: 'year', count: 0 }, false],
  [{ unit: 'year', count: 1 }, true],
  [{ unit: 'year', count: 1.5 }, false],
  [{ unit: 'year', count: '1' }, false],
  [{ unit: 'day', count: 90 }, false],
])('validity %j is sold: %s', (validity, sold) => {
  expect(shapeProblem(Validity, validity) === undefined).toBe(sold);
});

test.each<[string, boolean]>([
  [WHOLE_DAY, true],
  ['22:00~06:00', true],
  ['24:00~06:00', false],
  ['08:00-18:00', false],
  ['8:00~18:00', false],
  ['08:60~18:00', false],
  ['08:00~18:00\n', false],
  [' 08:00~18:00', false],
])('period %j has the documented form: %s', (period, formed) => {
  expect(shapeProblem(Period, period) === undefined).toBe(formed);
});

test.each<[string, boolean]>([
  [DEFAULT_ZONE, true],
  ['UTC', true],
  ['Europe/Berlin', true],
  ['asia/shanghai', false],
  ['+08:00', false],
  ['2026-03-01T00:00Z', false],
  ['2026-03-01T00:00+08:00[Asia/Shanghai]', false],
  ['Mars/Olympus', false],
  ['', false],
])('zone %j may stand in a SKU: %s', (zone, known) => {
  expect(shapeProblem(Sku, { ...VIDEO_SKU, zone }) === undefined).toBe(known);
});

test.each([
  { product: 4 },
  { mediaType: 0 },
  { minutes: -1 },
  { minutes: 0.5 },
  { product: '1' },
  { zone: undefined },
])('a SKU with %j is none', (changes) => {
  expect(shapeProblem(Sku, { ...VIDEO_SKU, ...changes })).toBeDefined();
});

test.each<[string, boolean]>([
  ['Example School 示范学校', true],
  ['', false],
  ['two\nlines', false],
  ['two\u2028lines', false],
  ['\u001b[2J', false],
  ['\u009b2J', false],
  ['x'.repeat(101), false],
])('name %j is one line that people read: %s', (name, good) => {
  expect(shapeProblem(Name, name) === undefined).toBe(good);
});
