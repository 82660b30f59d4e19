import { styleText } from 'node:util';
import { type EpochSeconds, isoTime } from '#core/clock.ts';
import { errorTable } from '#core/error-table.ts';
import { type ErrorCode, type Language, messageOf, remedyOf } from '#core/errors.ts';
import { type Capability, isUsable, type Media } from '#core/evaluate.ts';
import type { Terminal } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { describeSku } from '#core/notation/describe-license.ts';
import type { AgentStatus } from './client/local-answers.ts';
import { IDENTITY_WARNINGS, type IdentityWarning } from './identity-warnings.ts';
import { stateNames } from './state-names.ts';

/** The status for people: one screen, in their language, its state coloured on a terminal. */
export function statusText(status: AgentStatus, { language }: Pick<Terminal, 'language'>): string {
  const words = WORDS[language];
  const { license, licenseKey, appId, pid, capabilities, lastRefresh, serverUrl, trustedTime } = status;
  const time = (at: EpochSeconds | null) =>
    at === null ? null : `${isoTime(at)}${fromNow(at, trustedTime, language)}`;
  const lines: [string, string | null][] = [
    [words.state, stateLine(status, language)],
    [words.remedy, remedyLine(status, language)],
    ['LicenseKey', licenseKey],
    [words.license, license],
    ['App ID', appId],
    ['PID', pid && `${pid}${status.sku ? `  ${describeSku(status.sku, language)}` : ''}`],
    [words.audio, capabilityLine(capabilities.audio, 'audio', status, language)],
    [words.video, capabilityLine(capabilities.video, 'video', status, language)],
    [words.minutes, minutesLine(status, language)],
    [words.sessions, status.sessions === 0 ? null : String(status.sessions)],
    [words.expireTime, time(status.expireTime)],
    [words.usableUntil, time(status.usableUntil)],
    [words.trustedTime, `${isoTime(trustedTime)}${status.clockUnconfirmed ? ` (${words.unconfirmed})` : ''}`],
    [words.server, serverUrl],
    [
      words.lastRefresh,
      lastRefresh && `${time(lastRefresh.at)} ${outcomeText(lastRefresh.outcome, pid, language)}`,
    ],
    [words.nextRefresh, time(status.nextRefreshAt)],
    [words.enrolled, status.enrolled ? words.yes : words.no],
    [words.held, status.held === 0 ? null : String(status.held)],
    ...(status.warnings ?? []).map((code): [string, string] => [words.warning, warningText(code, language)]),
  ];
  const shown = lines.filter((line): line is [string, string] => line[1] !== null);
  return table(shown.map(([name, value]) => [name, value])).trimEnd();
}

/** The state coloured: green goes, yellow goes on for now, red does not. */
export function colouredState(text: string, { state }: Pick<AgentStatus, 'state'>): string {
  const name = state === 'active' ? 'green' : state === 'grace' ? 'yellow' : 'red';
  return styleText(name, text, { stream: process.stdout });
}

function stateLine(
  { state, since, until, fault, faultDetail = {} }: AgentStatus,
  language: Language,
): string {
  const words = WORDS[language];
  const why =
    fault === undefined ? '' : `${words.colon}${messageOf({ code: fault, detail: faultDetail }, language)}`;
  const begin = since === null ? '' : words.since(isoTime(since));
  const end = until === null ? '' : words.until(isoTime(until));
  return `${stateNames[state][language]}${begin}${end}${why}`;
}

/** What to do about a state that does not let the device work, or soon will not. */
function remedyLine(
  { state, fault, faultDetail = {}, enrolled }: AgentStatus,
  language: Language,
): string | null {
  if (state === 'active') return null;
  if (state === 'grace') return WORDS[language].graceRemedy;
  if (state === 'unlicensed' && !enrolled) return remedyOf({ code: 'not_enrolled', detail: {} }, language);
  return remedyOf(
    { code: state === 'invalid' ? (fault ?? 'unlicensed') : state, detail: faultDetail },
    language,
  );
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

function minutesLine({ minutes, state }: AgentStatus, language: Language): string | null {
  if (minutes === null || !isUsable(state)) return null;
  const { used, allowed } = minutes;
  return allowed === 0 ? WORDS[language].minutesUsed(used) : WORDS[language].minutesOf(used, allowed);
}

function outcomeText(outcome: string, pid: string | null, language: Language): string {
  if (!Object.hasOwn(errorTable, outcome)) return WORDS[language].ok;
  return messageOf({ code: outcome as ErrorCode, detail: { pid: pid ?? '' } }, language).replace(
    /[:：]$/,
    '',
  );
}

function warningText(code: string, language: Language): string {
  return Object.hasOwn(IDENTITY_WARNINGS, code) ? IDENTITY_WARNINGS[code as IdentityWarning][language] : code;
}

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** ` (in 89 days)`: what a technician reckons with. */
function fromNow(at: EpochSeconds, now: EpochSeconds, language: Language): string {
  const seconds = at - now;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  return ` (${format.format(Math.trunc(seconds / size), unit)})`;
}

const WORDS = {
  en: {
    colon: ': ',
    state: 'State',
    remedy: 'What to do',
    graceRemedy:
      'The license server was not reached for long: connect the device before the end of the grace period.',
    license: 'License',
    audio: 'Audio',
    video: 'Video',
    minutes: 'Minutes',
    minutesUsed: (used: number) => `${used} used, no limit`,
    minutesOf: (used: number, allowed: number) => `${used} of ${allowed} used`,
    sessions: 'Sessions now',
    allowed: 'allowed',
    refused: 'not allowed',
    since: (begin: string) => ` since ${begin}`,
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
    no: 'no',
    held: 'Held for others',
    warning: 'Warning',
  },
  zh: {
    colon: '：',
    state: '状态',
    remedy: '处理建议',
    graceRemedy: '长时间未连接许可证服务器：请在宽限期结束前让设备联网。',
    license: '许可证',
    audio: '音频',
    video: '视频',
    minutes: '分钟数',
    minutesUsed: (used: number) => `已用 ${used}，不限`,
    minutesOf: (used: number, allowed: number) => `已用 ${used}，共 ${allowed}`,
    sessions: '当前会话',
    allowed: '允许',
    refused: '不允许',
    since: (begin: string) => `，自 ${begin}`,
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
    no: '否',
    held: '为其他设备持有',
    warning: '警告',
  },
};
