import { isoTime } from '#core/clock.ts';
import { errorTable } from '#core/error-table.ts';
import { type ErrorCode, LicenseError, messageOf, remedyOf } from '#core/errors.ts';
import { type Circumstances, isForbidden } from './circumstances.ts';
import { AS_ROOT, type Finding, finding, MAY_NOT_LOOK } from './finding.ts';

/** Routine refreshes that may fail until it is told. */
const MOST_MISSED = 3;

/** How the last contact with the server ended, and when it was. */
export function lookAtRefresh({ status, config }: Circumstances): Finding {
  if (status instanceof LicenseError) {
    return isForbidden(status)
      ? finding('refresh', 'skipped', MAY_NOT_LOOK, { remedy: AS_ROOT })
      : finding('refresh', 'skipped', { en: 'not known', zh: '未知' });
  }
  const { lastRefresh, nextRefreshAt, trustedTime, pid } = status;
  const detail = { at: lastRefresh?.at ?? null, outcome: lastRefresh?.outcome ?? null, nextRefreshAt };
  if (lastRefresh === null)
    return finding('refresh', 'skipped', { en: 'there was no contact yet', zh: '尚无连接记录' }, { detail });
  const at = isoTime(lastRefresh.at);
  if (Object.hasOwn(errorTable, lastRefresh.outcome)) {
    const error = { code: lastRefresh.outcome as ErrorCode, detail: { pid: pid ?? '' } };
    const said = (language: 'en' | 'zh') => messageOf(error, language).replace(/[:：]$/, '');
    return finding(
      'refresh',
      'warning',
      { en: `the last one, ${at}, ended so: ${said('en')}`, zh: `最近一次（${at}）的结果：${said('zh')}` },
      { remedy: { en: remedyOf(error, 'en'), zh: remedyOf(error, 'zh') }, detail },
    );
  }
  if (trustedTime - lastRefresh.at > MOST_MISSED * config.refreshIntervalSeconds)
    return finding(
      'refresh',
      'warning',
      { en: `the last one was ${at}`, zh: `最近一次为 ${at}` },
      {
        remedy: {
          en: 'Let the daemon run, and refresh now: license-agent refresh.',
          zh: '请让守护进程保持运行，并立即刷新：license-agent refresh。',
        },
        detail,
      },
    );
  return finding('refresh', 'ok', { en: `the last one was ${at}`, zh: `最近一次为 ${at}` }, { detail });
}
