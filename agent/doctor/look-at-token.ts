import { isoTime } from '#core/clock.ts';
import { type Bilingual, type ErrorDetail, LicenseError } from '#core/errors.ts';
import { isUsable, usableUntil as usableUntilOf } from '#core/evaluate.ts';
import type { AgentStatus } from '../client/local-answers.ts';
import { stateNames } from '../state-names.ts';
import { type Circumstances, isForbidden } from './circumstances.ts';
import { AS_ROOT, type Finding, faultOf, finding, MAY_NOT_LOOK, NOT_ENROLLED } from './finding.ts';

const DAY = 86_400;
/** Before the end of the license itself, in days: somebody has to buy. */
const SOON_DAYS = 14;
/** What is left of a token without contact: so little is no accident of one bad day any more. */
const LITTLE = 1 / 4;

/** The license that is held, verified from the vendor's root on, and how long it lasts. */
export function lookAtToken(circumstances: Circumstances): Finding {
  const { status, held, config, enrollment } = circumstances;
  if (status instanceof LicenseError) {
    return isForbidden(status)
      ? finding('token', 'skipped', MAY_NOT_LOOK, { remedy: AS_ROOT })
      : faultOf('token', status);
  }
  const { state, enrolled, licenseKey, license } = status;
  const detail = {
    state,
    licenseKey,
    license,
    usableUntil: status.usableUntil,
    expireTime: status.expireTime,
  };
  if (!enrolled && !(enrollment instanceof LicenseError))
    return finding('token', 'skipped', NOT_ENROLLED, { detail });
  if (!config.ownLicense && state === 'unlicensed')
    return finding(
      'token',
      'ok',
      {
        en: `this machine needs none for itself; it holds ${status.held} for others`,
        zh: `本机自身不需要许可证；为其他设备持有 ${status.held} 个`,
      },
      { detail },
    );
  if (!(held instanceof LicenseError) && held.fault !== undefined) return faultOf('token', held.fault);
  if (!isUsable(state)) return notUsable(status);
  return lasting(circumstances, status, detail);
}

function notUsable({ state, fault, faultDetail = {} }: AgentStatus): Finding {
  const code = state === 'invalid' ? (fault ?? 'unlicensed') : state;
  const detail: ErrorDetail = faultDetail;
  return faultOf(
    'token',
    new LicenseError(code === 'active' || code === 'grace' ? 'unlicensed' : code, detail),
  );
}

function lasting({ held }: Circumstances, status: AgentStatus, detail: Finding['detail']): Finding {
  const { state, trustedTime, usableUntil, expireTime } = status;
  const end = usableUntil ?? trustedTime;
  const days = Math.floor((end - trustedTime) / DAY);
  const words = {
    en: `${stateNames[state].en}, usable offline until ${isoTime(end)} (${days} ${days === 1 ? 'day' : 'days'})`,
    zh: `${stateNames[state].zh}，离线可用至 ${isoTime(end)}（${days} 天）`,
  };
  const told = { detail: { ...detail, daysLeft: days } };
  if (expireTime !== null && end >= expireTime && end - trustedTime < SOON_DAYS * DAY)
    return finding('token', 'warning', words, { ...told, remedy: RENEW });
  const token = held instanceof LicenseError ? undefined : held.token;
  const life = token === undefined ? 0 : usableUntilOf(token) - token.iat;
  if (state === 'grace' || end - trustedTime < life * LITTLE)
    return finding('token', 'warning', words, { ...told, remedy: CONNECT });
  return finding('token', 'ok', words, told);
}

const RENEW: Bilingual = {
  en: 'The license itself ends then: renew it on the server (license-server license renew), or here: license-agent renew.',
  zh: '届时许可证本身到期：请在服务器上续期（license-server license renew），或在本设备执行：license-agent renew。',
};
const CONNECT: Bilingual = {
  en: 'Let the device reach its license server, or carry a request file there: license-agent request.',
  zh: '请让设备连接许可证服务器，或携带请求文件：license-agent request。',
};
