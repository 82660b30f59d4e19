import { isoDay } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { isUsable } from '#core/evaluate.ts';
import { type Circumstances, isForbidden } from './circumstances.ts';
import { AS_ROOT, type Finding, faultOf, finding, MAY_NOT_LOOK } from './finding.ts';

/** Whom this device takes its license from, and whether the enrollment still takes a new one. */
export function lookAtEnrollment({ enrollment: stored, status, now }: Circumstances): Finding {
  if (stored instanceof LicenseError) {
    return isForbidden(stored)
      ? finding('enrollment', 'skipped', MAY_NOT_LOOK, { remedy: AS_ROOT })
      : faultOf('enrollment', stored);
  }
  if (stored === undefined) return faultOf('enrollment', new LicenseError('not_enrolled'));
  const {
    serverId,
    cid,
    appId,
    pid,
    enrollment: { expiresAt },
  } = stored.enrollment;
  const detail = { serverId, cid, appId, pid, expiresAt };
  const isLicensed = !(status instanceof LicenseError) && isUsable(status.state);
  if (now >= expiresAt && !isLicensed)
    return finding(
      'enrollment',
      'fault',
      {
        en: `the enrollment file ended on ${isoDay(expiresAt)}, so that it takes no new license`,
        zh: `登记文件已于 ${isoDay(expiresAt)} 到期，无法取得新的许可证`,
      },
      {
        remedy: {
          en: 'Make a new one on the server (license-server enrollment create), then: license-agent enroll FILE.',
          zh: '请在服务器上生成新的登记文件（license-server enrollment create），然后执行：license-agent enroll FILE。',
        },
        detail,
      },
    );
  return finding(
    'enrollment',
    'ok',
    { en: `company ${cid}, App ${appId}`, zh: `企业 ${cid}，App ${appId}` },
    { detail },
  );
}
