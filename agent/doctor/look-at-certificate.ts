import { isoDay } from '#core/clock.ts';
import { Answer } from '#core/documents/answer.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { LicenseError } from '#core/errors.ts';
import { parseJson } from '#core/shapes.ts';
import type { HeldLicense } from '../held-license.ts';
import { type Circumstances, isForbidden } from './circumstances.ts';
import { AS_ROOT, type Finding, finding, MAY_NOT_LOOK, TOLD_ELSEWHERE } from './finding.ts';

const DAY = 86_400;
/** As the server itself warns. Source: protocol, Trust. */
const SOON_DAYS = 90;

/** Until when the server may issue, by the certificate that came with what is held. */
export function lookAtCertificate({ held, status, now }: Circumstances): Finding {
  if (held instanceof LicenseError)
    return isForbidden(held)
      ? finding('certificate', 'skipped', MAY_NOT_LOOK, { remedy: AS_ROOT })
      : finding('certificate', 'skipped', TOLD_ELSEWHERE);
  const certificate = certificateOf(held);
  if (certificate === undefined)
    return finding('certificate', 'skipped', { en: 'none is held yet', zh: '尚未持有' });
  const { exp, serial, sub } = certificate;
  const detail = { expiresAt: exp, serial, serverId: sub };
  const time = status instanceof LicenseError ? now : status.trustedTime;
  const day = isoDay(exp);
  if (time > exp)
    return finding(
      'certificate',
      'fault',
      {
        en: `the server's certificate ended on ${day}; what is held goes on, and it issues nothing new under it`,
        zh: `服务器的签发证书已于 ${day} 到期；已持有的许可证继续有效，但服务器无法据此签发`,
      },
      { remedy: ASK_VENDOR, detail },
    );
  if (time > exp - SOON_DAYS * DAY)
    return finding(
      'certificate',
      'warning',
      { en: `the server may issue until ${day} only`, zh: `服务器的签发证书将于 ${day} 到期` },
      { remedy: ASK_VENDOR, detail },
    );
  return finding(
    'certificate',
    'ok',
    { en: `the server may issue until ${day}`, zh: `服务器的签发证书有效至 ${day}` },
    { detail },
  );
}

/** Verified with the rest of the answer. */
function certificateOf({ token, answer }: HeldLicense) {
  if (token === undefined || answer === undefined) return undefined;
  const { issuerCertificate } = parseJson(Answer, answer, 'document_malformed', 'answer');
  return issuerCertificateDocument.parse(issuerCertificate).claims;
}

const ASK_VENDOR = {
  en: 'Let the operator of the server import a new certificate of the vendor (license-server import), then: license-agent refresh.',
  zh: '请服务器管理员导入厂商签发的新证书（license-server import），然后执行：license-agent refresh。',
};
