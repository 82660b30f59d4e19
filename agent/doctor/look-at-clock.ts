import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type EpochSeconds, isoTime } from '#core/clock.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { listIfThere } from '../system-files.ts';
import type { Circumstances } from './circumstances.ts';
import { type Finding, finding } from './finding.ts';

/** Before this program was made no clock is right: 2026-01-01. */
const EARLIEST = 1_767_225_600;
/** How far this clock may be from the server's, and behind what the server signed, in seconds. */
const TOLERANCE_SECONDS = 300;

/**
 * Whether the wall clock can be right: beside the server's, what the server signed, and the agent's own mark.
 *
 * @param serverTimes what servers say now; by TLS of the enrollment's authority, and no proof
 */
export function lookAtClock(
  { now, status, held, root }: Circumstances,
  serverTimes: readonly EpochSeconds[],
): Finding {
  const [serverTime] = serverTimes;
  const signedAt = held instanceof LicenseError ? undefined : held.token?.iat;
  const trusted = status instanceof LicenseError ? undefined : status;
  const isSynchronized = synchronized(root);
  const detail = {
    now,
    serverTime: serverTime ?? null,
    signedAt: signedAt ?? null,
    trustedTime: trusted?.trustedTime ?? null,
    isConfirmed: trusted === undefined ? null : !trusted.clockUnconfirmed,
    isSynchronized: isSynchronized ?? null,
    hasBattery: listIfThere(join(root, 'sys/class/rtc')).length > 0,
  };
  const wrong = (why: Bilingual) =>
    finding('clock', 'warning', saying(now, why), {
      remedy: detail.hasBattery ? SET : SET_WITHOUT_BATTERY,
      detail,
    });
  const beside = serverTime === undefined ? undefined : besideServer(now, serverTime);
  if (now < EARLIEST) return wrong(beside ?? { en: 'which cannot be', zh: '不可能正确' });
  if (beside !== undefined) return wrong(beside);
  if (signedAt !== undefined && now < signedAt - TOLERANCE_SECONDS)
    return wrong({
      en: `earlier than what the server signed at ${isoTime(signedAt)}`,
      zh: `早于服务器签名时间 ${isoTime(signedAt)}`,
    });
  if (trusted?.clockUnconfirmed)
    return wrong({
      en: 'which is not believed yet; a clock that jumped ahead is believed after an hour',
      zh: '尚未采信；向前跳变的时钟持续一小时后才会采信',
    });
  return finding('clock', 'ok', saying(now, SYNCHRONIZED[String(isSynchronized)]), { detail });
}

function saying(now: EpochSeconds, why: Bilingual | undefined): Bilingual {
  const shown = isoTime(now);
  return why === undefined
    ? { en: shown, zh: shown }
    : { en: `it says ${shown}, ${why.en}`, zh: `显示为 ${shown}，${why.zh}` };
}

function besideServer(now: EpochSeconds, serverTime: EpochSeconds): Bilingual | undefined {
  const seconds = Math.round(now - serverTime);
  if (Math.abs(seconds) <= TOLERANCE_SECONDS) return undefined;
  const at = isoTime(serverTime);
  return { en: `and the server's says ${at}`, zh: `而服务器的时钟为 ${at}` };
}

/**
 * Whether systemd-timesyncd has set the clock since the start; undefined where it does not run: the kernel's own word
 * (adjtimex) is not for JavaScript, and other programs leave none in a file.
 */
function synchronized(root: string): boolean | undefined {
  const folder = join(root, 'run/systemd/timesync');
  return existsSync(folder) ? existsSync(join(folder, 'synchronized')) : undefined;
}

const SYNCHRONIZED: Readonly<Record<string, Bilingual>> = {
  true: { en: 'set by systemd-timesyncd', zh: '已由 systemd-timesyncd 校准' },
  false: { en: 'not set by systemd-timesyncd since the start', zh: '启动后尚未由 systemd-timesyncd 校准' },
};

const SET: Bilingual = {
  en: 'Set the clock, or let it be set (NTP); the battery of its chip may be empty. The license goes by signed time and goes on meanwhile.',
  zh: '请校准时钟或启用 NTP；时钟芯片的电池可能已耗尽。许可证依据签名时间，在此期间继续有效。',
};
const SET_WITHOUT_BATTERY: Bilingual = {
  en: 'Set the clock, or let it be set (NTP) at each start: this machine has no clock that goes on without power. The license goes by signed time and goes on meanwhile.',
  zh: '请校准时钟或在每次启动时使用 NTP 校准：本机没有断电后仍走时的时钟。许可证依据签名时间，在此期间继续有效。',
};
