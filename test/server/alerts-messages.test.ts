import { expect, test } from 'vitest';
import type { AlertEvent } from '../../server-stub/alerts/alert-event.ts';
import { composeMessage, type Section } from '../../server-stub/alerts/compose-message.ts';
import { englishIn } from '../support/chinese.ts';
import { NOW } from '../support/world.ts';

const DAY = 86_400;
const OWNER = { cid: '717241', appId: 'a'.repeat(32), pid: 'P' };

const licensesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    license: `L${index}`,
    licenseKey: `SN-${index}`,
    expireTime: NOW + 7 * DAY,
    lastSeenAt: NOW - 15 * DAY,
  }));

function section(count: number, stage: number, event: object): Section {
  const { type } = event as AlertEvent;
  return { type, stage, count, events: [{ eventId: 'E', at: NOW, ...event } as AlertEvent] };
}

const SECTIONS: readonly Section[] = [
  section(1, 0, { type: 'license.activated', data: { ...OWNER, count: 1, licenses: licensesOf(1) } }),
  section(23, 7, {
    type: 'license.expiring',
    data: { ...OWNER, daysLeft: 7, count: 23, licenses: licensesOf(23) },
  }),
  section(1, 1, {
    type: 'license.expiring',
    data: { ...OWNER, daysLeft: 1, count: 1, licenses: licensesOf(1) },
  }),
  section(2, 0, { type: 'license.expired', data: { ...OWNER, count: 2, licenses: licensesOf(2) } }),
  section(1, 14, {
    type: 'device.unseen',
    data: { ...OWNER, unseenDays: 14, count: 1, licenses: licensesOf(1) },
  }),
  section(1, 0, { type: 'quota.low', data: { ...OWNER, granted: 9, used: 9, left: 0 } }),
  section(1, 0, { type: 'renewal.exhausted', data: { ...OWNER, waiting: 3 } }),
  section(1, 30, {
    type: 'server.certificate_expiring',
    data: { cid: OWNER.cid, serial: 2, expireTime: NOW + 30 * DAY, daysLeft: 30 },
  }),
];

const message = (language: 'en' | 'zh') =>
  composeMessage('M', SECTIONS, {
    language,
    zone: 'Asia/Shanghai',
    company: { cid: '717241', name: '第一中学' },
    appNames: new Map([[OWNER.appId, '教室']]),
  });

test('every event in natural Chinese', () => {
  const { title, lines } = message('zh');
  expect(title).toBe('许可证服务器提醒：第一中学（717241）');
  expect(lines.filter((line) => !/SN-([1-9])/.test(line))).toEqual([
    '已激活 1 个 License',
    '• SN-0（教室），2026-03-08 08:00 到期',
    '',
    '23 个 License 将在 7 天内到期',
    '• SN-0（教室），2026-03-08 08:00 到期',
    '……另有 3 个',
    '',
    '1 个 License 将在 1 天内到期',
    '• SN-0（教室），2026-03-08 08:00 到期',
    '',
    '2 个 License 已到期',
    '• SN-0（教室），已于 2026-03-08 08:00 到期',
    '',
    '1 台设备超过 14 天未连接服务器',
    '• SN-0（教室），最后连接于 2026-02-14 08:00',
    '',
    'License 额度即将用完',
    '• 教室：PID P 已用 9 / 9，已用完',
    '',
    '续期 License 已用完，无法自动续期',
    '• 教室：PID P，3 个 License 等待续期',
    '',
    '本服务器的签发证书即将到期',
    '• 证书 2 将于 2026-03-31 08:00 到期，剩余 30 天。到期后无法签发，请向厂商索取新证书并导入。',
  ]);
  expect(englishIn(lines.join('\n'))).toEqual([]);
});

test('every event in English', () => {
  const { title, lines } = message('en');
  expect(title).toBe('License server: 第一中学 (717241)');
  expect(lines.filter((line) => /^[^•]/.test(line))).toEqual([
    '1 license activated',
    '23 licenses end within 7 days',
    '… and 3 more',
    '1 license ends within a day',
    '2 licenses ended',
    '1 device was not seen for 14 days',
    'Licenses are running out',
    'Renewal licenses are used up: nothing is renewed automatically',
    'The certificate of this server ends soon',
  ]);
  expect(lines).toContain('• 教室: PID P, 9 of 9 used, none left');
  expect(lines).toContain('• 教室: PID P, 3 licenses wait to be renewed');
});
