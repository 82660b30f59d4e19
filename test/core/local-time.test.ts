import { expect, test } from 'vitest';
import { localDay, localTime, zonedTime } from '#core/local-time.ts';

test.each([
  [0, 'UTC', '1970-01-01 00:00:00', '+00:00'],
  [1_663_743_436, 'Asia/Shanghai', '2022-09-21 14:57:16', '+08:00'],
  // In UTC it is the day before.
  [1_795_538_483, 'Asia/Shanghai', '2026-11-25 00:41:23', '+08:00'],
  [1_795_538_483, 'America/St_Johns', '2026-11-24 13:11:23', '-03:30'],
  [253_402_300_799, 'UTC', '9999-12-31 23:59:59', '+00:00'],
  // The hour that summer time leaves out, and the one that comes twice.
  [1_774_746_000, 'Europe/Berlin', '2026-03-29 03:00:00', '+02:00'],
  [1_792_888_200, 'Europe/Berlin', '2026-10-25 02:30:00', '+02:00'],
  [1_792_891_800, 'Europe/Berlin', '2026-10-25 02:30:00', '+01:00'],
])('%i in %s is %s %s', (at, zone, text, offset) => {
  expect(localTime(at, zone)).toBe(text);
  expect(localDay(at, zone)).toBe(text.slice(0, 10));
  expect(zonedTime(at, zone)).toBe(`${text} ${offset}`);
});
