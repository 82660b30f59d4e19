import { type EpochSeconds, isoTime } from '#core/clock.ts';
import { errorTable } from '#core/error-table.ts';
import { type ErrorCode, type Language, messageOf } from '#core/errors.ts';
import type { Capability, Media } from '#core/evaluate.ts';
import type { AgentStatus } from './client/local-answers.ts';
import { stateNames } from './state-names.ts';

/** The status for people: one screen, in their language. */
export function statusText(status: AgentStatus, language: Language): string {
  const words = WORDS[language];
  const { license, licenseKey, appId, pid, capabilities, lastRefresh, serverUrl } = status;
  const lines: [string, string | null][] = [
    [words.state, stateLine(status, language)],
    ['LicenseKey', licenseKey],
    [words.license, license],
    ['App ID', appId],
    ['PID', pid],
    [words.audio, capabilityLine(capabilities.audio, 'audio', status, language)],
    [words.video, capabilityLine(capabilities.video, 'video', status, language)],
    [words.expireTime, time(status.expireTime)],
    [words.usableUntil, time(status.usableUntil)],
    [
      words.trustedTime,
      `${time(status.trustedTime)}${status.clockUnconfirmed ? ` (${words.unconfirmed})` : ''}`,
    ],
    [words.server, serverUrl],
    [
      words.lastRefresh,
      lastRefresh && `${time(lastRefresh.at)} ${outcomeText(lastRefresh.outcome, pid, language)}`,
    ],
    [words.nextRefresh, time(status.nextRefreshAt)],
    [words.enrolled, status.enrolled ? words.yes : words.no],
    [words.warning, status.warning === undefined ? null : words[status.warning]],
  ];
  return lines
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}${words.colon}${value}`)
    .join('\n');
}

function stateLine({ state, until, fault, faultDetail = {} }: AgentStatus, language: Language): string {
  const words = WORDS[language];
  const why =
    fault === undefined ? '' : `${words.colon}${messageOf({ code: fault, detail: faultDetail }, language)}`;
  const end = until === null ? '' : words.until(time(until) ?? '');
  return `${stateNames[state][language]}${end}${why}`;
}

function capabilityLine(
  { allowed, because }: Capability,
  media: Media,
  { state, sku }: AgentStatus,
  language: Language,
): string {
  const words = WORDS[language];
  if (allowed) return words.allowed;
  if (because === state) return words.refused;
  const detail = { media, ...(sku !== null && { period: sku.period, zone: sku.zone }) };
  const code = because === 'active' || because === 'grace' || because === 'invalid' ? 'unlicensed' : because;
  return `${words.refused}${words.colon}${messageOf({ code, detail }, language)}`;
}

function outcomeText(outcome: string, pid: string | null, language: Language): string {
  if (!Object.hasOwn(errorTable, outcome)) return WORDS[language].ok;
  return messageOf({ code: outcome as ErrorCode, detail: { pid: pid ?? '' } }, language).replace(
    /[:：]$/,
    '',
  );
}

/** ISO 8601, UTC, whole seconds. */
function time(at: EpochSeconds | null): string | null {
  return at === null ? null : isoTime(at);
}

const WORDS = {
  en: {
    colon: ': ',
    state: 'State',
    license: 'License',
    audio: 'Audio',
    video: 'Video',
    allowed: 'allowed',
    refused: 'not allowed',
    until: (end: string) => ` until ${end}`,
    expireTime: 'License ends',
    usableUntil: 'Usable offline until',
    trustedTime: 'Trusted time',
    unconfirmed: 'clock not confirmed yet',
    server: 'Server',
    lastRefresh: 'Last refresh',
    nextRefresh: 'Next refresh',
    ok: 'ok',
    enrolled: 'Enrolled',
    yes: 'yes',
    no: 'no: license-agent enroll FILE',
    warning: 'Warning',
    license_key_shared: 'the LicenseKey comes from the machine-id, which copies of a disk image share',
  },
  zh: {
    colon: '：',
    state: '状态',
    license: '许可证',
    audio: '音频',
    video: '视频',
    allowed: '允许',
    refused: '不允许',
    until: (end: string) => `，至 ${end}`,
    expireTime: '许可证到期',
    usableUntil: '离线可用至',
    trustedTime: '可信时间',
    unconfirmed: '时钟尚未确认',
    server: '服务器',
    lastRefresh: '上次刷新',
    nextRefresh: '下次刷新',
    ok: '成功',
    enrolled: '已登记',
    yes: '是',
    no: '否，请执行：license-agent enroll FILE',
    warning: '警告',
    license_key_shared: 'LicenseKey 来自 machine-id，同一磁盘镜像的副本会共用它',
  },
};
