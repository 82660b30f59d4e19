import type { EpochSeconds } from '#core/clock.ts';
import type { Language } from '#core/errors.ts';
import { localTime } from '#core/local-time.ts';

/** The words of messages for people. */
export const MESSAGE_WORDS = {
  en: {
    title: (company: string, cid: string) => `License server: ${company} (${cid})`,
    testTitle: 'License server: test',
    activated: (count: number) => `${licenses(count)} activated`,
    expiring: (count: number, days: number) =>
      `${licenses(count)} ${count === 1 ? 'ends' : 'end'} within ${days === 1 ? 'a day' : `${days} days`}`,
    expired: (count: number) => `${licenses(count)} ended`,
    unseen: (count: number, days: number) =>
      `${count} ${count === 1 ? 'device was' : 'devices were'} not seen for ${days === 1 ? 'a day' : `${days} days`}`,
    quota: 'Licenses are running out',
    renewal: 'Renewal licenses are used up: nothing is renewed automatically',
    certificate: 'The certificate of this server ends soon',
    ends: (name: string, app: string, time: string) => `• ${name} (${app}), ends ${time}`,
    ended: (name: string, app: string, time: string) => `• ${name} (${app}), ended ${time}`,
    seen: (name: string, app: string, time: string) => `• ${name} (${app}), last seen ${time}`,
    pool: (owner: string, pid: string, used: number, granted: number, left: number) =>
      `• ${owner}: PID ${pid}, ${used} of ${granted} used, ${left === 0 ? 'none' : left} left`,
    shared: 'shared by all Apps',
    waiting: (app: string, pid: string, count: number) =>
      `• ${app}: PID ${pid}, ${licenses(count)} ${count === 1 ? 'waits' : 'wait'} to be renewed`,
    certificateEnds: (serial: number, time: string, days: number) =>
      `• Certificate ${serial} ends ${time} (${days === 1 ? 'a day' : `${days} days`} left). After that nothing can be issued: ask the vendor for a new one and import it.`,
    more: (count: number) => `… and ${count} more`,
    test: 'This is a test. Alerts arrive here.',
  },
  zh: {
    title: (company: string, cid: string) => `许可证服务器提醒：${company}（${cid}）`,
    testTitle: '许可证服务器提醒：测试',
    activated: (count: number) => `已激活 ${count} 个 License`,
    expiring: (count: number, days: number) => `${count} 个 License 将在 ${days} 天内到期`,
    expired: (count: number) => `${count} 个 License 已到期`,
    unseen: (count: number, days: number) => `${count} 台设备超过 ${days} 天未连接服务器`,
    quota: 'License 额度即将用完',
    renewal: '续期 License 已用完，无法自动续期',
    certificate: '本服务器的签发证书即将到期',
    ends: (name: string, app: string, time: string) => `• ${name}（${app}），${time} 到期`,
    ended: (name: string, app: string, time: string) => `• ${name}（${app}），已于 ${time} 到期`,
    seen: (name: string, app: string, time: string) => `• ${name}（${app}），最后连接于 ${time}`,
    pool: (owner: string, pid: string, used: number, granted: number, left: number) =>
      `• ${owner}：PID ${pid} 已用 ${used} / ${granted}，${left === 0 ? '已用完' : `剩余 ${left}`}`,
    shared: '共享额度',
    waiting: (app: string, pid: string, count: number) =>
      `• ${app}：PID ${pid}，${count} 个 License 等待续期`,
    certificateEnds: (serial: number, time: string, days: number) =>
      `• 证书 ${serial} 将于 ${time} 到期，剩余 ${days} 天。到期后无法签发，请向厂商索取新证书并导入。`,
    more: (count: number) => `……另有 ${count} 个`,
    test: '这是一条测试消息，此处可以收到提醒。',
  },
} satisfies Record<Language, object>;

const licenses = (count: number) => `${count} ${count === 1 ? 'license' : 'licenses'}`;

/** A time as people of the server's zone read it: `2026-03-01 08:00`. */
export function timeIn(zone: string, at: EpochSeconds): string {
  return localTime(at, zone).slice(0, 'YYYY-MM-DD HH:mm'.length);
}
