import type { LicenseVerb } from '../../licensing/license-acts.ts';
import type { ListedState } from '../../licensing/license-filter.ts';

const STATES_EN: Readonly<Record<ListedState | 'transferred', string>> = {
  active: 'active',
  expired: 'expired',
  suspended: 'suspended',
  released: 'released',
  transferred: 'transferred',
};

const STATES_ZH: typeof STATES_EN = {
  active: '有效',
  expired: '已过期',
  suspended: '已暂停',
  released: '已释放',
  transferred: '已转移',
};

const PAST_EN: Readonly<Record<LicenseVerb, string>> = {
  suspend: 'suspended',
  resume: 'resumed',
  renew: 'renewed',
  release: 'released',
  transfer: 'transferred',
  rebind: 'freed from their devices',
  label: 'labelled',
};

const VERBS_ZH: typeof PAST_EN = {
  suspend: '暂停',
  resume: '恢复',
  renew: '续期',
  release: '释放',
  transfer: '转移',
  rebind: '解除设备绑定',
  label: '设置标签',
};

const licenses = (count: number) => (count === 1 ? '1 license' : `${count} licenses`);

/** What the commands about licenses say. */
export const LICENSE_WORDS = {
  en: {
    states: STATES_EN,
    listHead: ['License', 'LicenseKey', 'State', 'Until', 'Last seen', 'Group', 'Label'],
    never: 'never',
    none: 'There are no such licenses.',
    more: (after: string) => `There are more; go on with --after ${after}`,
    facts: {
      license: 'License',
      licenseKey: 'LicenseKey',
      state: 'State',
      app: 'App',
      company: 'Company',
      pid: 'PID',
      what: 'What',
      activated: 'Activated',
      until: 'Until',
      renewals: 'Renewals',
      transfers: 'Transfers this year',
      device: 'Device key',
      lastSeen: 'Last seen',
      agent: 'Agent',
      minutes: 'Minutes used',
      sessions: 'Sessions now',
      label: 'Label',
      group: 'Group',
    },
    noDevice: 'none yet',
    leased: (sessions: number, until: string) => `${sessions}, leased until ${until}`,
    timelineHead: ['Time', 'Action', 'By', 'Details'],
    earlier: (rows: number) => `Only the newest ${rows} rows of the audit trail are shown.`,
    question: (verb: LicenseVerb, count: number, rest: string) =>
      `${licenses(count)} will be ${PAST_EN[verb]}${rest}. Go on? [y/N] `,
    rest: (unchanged: number, refused: number) =>
      [
        ...(unchanged > 0 ? [`${unchanged} ${unchanged === 1 ? 'is' : 'are'} so already`] : []),
        ...(refused > 0 ? [`${refused} cannot be changed`] : []),
      ]
        .map((part) => `, ${part}`)
        .join(''),
    progress: (done: number, all: number) => `${done} of ${all}`,
    resultHead: ['Line', 'License', 'LicenseKey', 'Result'],
    results: { changed: 'done', unchanged: 'was so already', possible: 'not done', refused: 'refused' },
    summary: (verb: LicenseVerb, changed: number, unchanged: number, refused: number) =>
      `${licenses(changed)} ${PAST_EN[verb]}, ${unchanged} unchanged, ${refused} refused.`,
    nothing: (refused: number) =>
      `Nothing was changed: ${refused} of the list ${refused === 1 ? 'is' : 'are'} refused. --partial changes the others.`,
    left: (count: number) =>
      ` ${count} ${count === 1 ? 'was' : 'were'} not reached, since another change came between; run it again.`,
    furtherRefused: (count: number) => `… and ${count} more that are refused; --json lists all.`,
  },
  zh: {
    states: STATES_ZH,
    listHead: ['许可证', 'LicenseKey', '状态', '有效期至', '最近连接', '分组', '标签'],
    never: '从未',
    none: '没有符合条件的许可证。',
    more: (after: string) => `还有更多，继续请使用 --after ${after}`,
    facts: {
      license: '许可证',
      licenseKey: 'LicenseKey',
      state: '状态',
      app: 'App',
      company: '企业',
      pid: 'PID',
      what: '内容',
      activated: '激活时间',
      until: '有效期至',
      renewals: '续期次数',
      transfers: '本年度转移次数',
      device: '设备密钥',
      lastSeen: '最近连接',
      agent: 'agent 版本',
      minutes: '已用分钟数',
      sessions: '当前会话',
      label: '标签',
      group: '分组',
    },
    noDevice: '尚未绑定',
    leased: (sessions: number, until: string) => `${sessions}，租约至 ${until}`,
    timelineHead: ['时间', '操作', '操作者', '详情'],
    earlier: (rows: number) => `仅显示最新的 ${rows} 条审计记录。`,
    question: (verb: LicenseVerb, count: number, rest: string) =>
      `将对 ${count} 个许可证执行“${VERBS_ZH[verb]}”${rest}。是否继续？[y/N] `,
    rest: (unchanged: number, refused: number) =>
      [
        ...(unchanged > 0 ? [`${unchanged} 个已是该状态`] : []),
        ...(refused > 0 ? [`${refused} 个无法更改`] : []),
      ]
        .map((part) => `，另有 ${part}`)
        .join(''),
    progress: (done: number, all: number) => `${done} / ${all}`,
    resultHead: ['行', '许可证', 'LicenseKey', '结果'],
    results: { changed: '完成', unchanged: '已是该状态', possible: '未执行', refused: '拒绝' },
    summary: (verb: LicenseVerb, changed: number, unchanged: number, refused: number) =>
      `${VERBS_ZH[verb]}：完成 ${changed} 个，未变 ${unchanged} 个，拒绝 ${refused} 个。`,
    nothing: (refused: number) =>
      `未做任何更改：列表中有 ${refused} 个被拒绝。使用 --partial 可更改其余许可证。`,
    left: (count: number) => `另有 ${count} 个因期间发生其他更改而未执行，请重新执行。`,
    furtherRefused: (count: number) => `……另有 ${count} 个被拒绝；使用 --json 可列出全部。`,
  },
} as const;
