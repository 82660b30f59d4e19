import { isIP, type Socket } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { Bilingual } from '#core/errors.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import { AS_ROOT, about, type Finding, finding } from './finding.ts';
import type { Road } from './road.ts';
import { within } from './within.ts';

/** As much of a name in a certificate of unknown origin as is shown. */
const MOST_NAME = 200;

/** Whose certificate a server shows, and whether the enrollment's authority knows it. */
export async function lookAtTls({ host, shown, ca }: Road, socket: Socket): Promise<Finding> {
  // Looked at whatever it is: whose certificate it was is what helps.
  const tls = connect({
    socket,
    host,
    ...(ca && { ca }),
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
  });
  try {
    await within(secured(tls));
    return judge(shown, tls, ca !== undefined);
  } catch (cause) {
    return finding('tls', 'fault', about(shown, reasonOf(cause)), {
      remedy: NOT_TLS,
      detail: { problem: codeOf(cause) ?? '' },
    });
  } finally {
    tls.on('error', () => {});
    tls.destroy();
  }
}

function judge(shown: string, tls: TLSSocket, isAuthorityKnown: boolean): Finding {
  const peer = tls.getPeerCertificate();
  const [whose, by] = [nameOf(peer.subject), nameOf(peer.issuer)];
  const problem = tls.authorized ? null : String(tls.authorizationError ?? '');
  const detail = {
    subject: whose,
    issuer: by,
    names: (peer.subjectaltname ?? '').slice(0, MOST_NAME),
    validFrom: peer.valid_from ?? '',
    validTo: peer.valid_to ?? '',
    sha256: peer.fingerprint256 ?? '',
    protocol: tls.getProtocol() ?? '',
    problem,
  };
  const shows = { en: `a certificate of ${whose} by ${by}`, zh: `证书为 ${whose}，由 ${by} 签发` };
  if (!isAuthorityKnown)
    return finding('tls', 'skipped', about(shown, shows), {
      remedy: AS_ROOT,
      detail: { ...detail, problem: null },
    });
  if (problem === null) return finding('tls', 'ok', about(shown, shows), { detail });
  const { en, zh } = reasonOf(Object.assign(new Error(problem), { code: problem }));
  return finding('tls', 'fault', about(shown, { en: `${shows.en}; ${en}`, zh: `${shows.zh}；${zh}` }), {
    remedy: remedyFor(problem, detail),
    detail,
  });
}

function remedyFor(
  problem: string,
  { names, validFrom, validTo }: { names: string; validFrom: string; validTo: string },
): Bilingual {
  switch (problem) {
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return {
        en: `It is valid from ${validFrom} to ${validTo}: check the clock of this device, then the certificate of the server.`,
        zh: `其有效期为 ${validFrom} 至 ${validTo}：请先检查本设备的时钟，再检查服务器的证书。`,
      };
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return {
        en: `It is for ${names || 'no name'}: make an enrollment file with that name, or a certificate with the name in the URL.`,
        zh: `该证书适用于 ${names || '（无名称）'}：请生成使用该名称的登记文件，或使证书包含 URL 中的名称。`,
      };
    default:
      return INTERCEPTED;
  }
}

const INTERCEPTED: Bilingual = {
  en: 'Somebody else may answer in its place (a proxy that looks into TLS, or the log-in page of a network): log in, or except the server there. Or the server has a new certificate authority: then make a new enrollment file.',
  zh: '可能有其他设备代为应答（会解密 TLS 的代理，或网络登录页面）：请登录网络，或将服务器设为例外。也可能是服务器更换了证书颁发机构：此时请生成新的登记文件。',
};
const NOT_TLS: Bilingual = {
  en: 'What answers there speaks no TLS or ends it: check that the port is that of the license server, and filters between.',
  zh: '对方不使用 TLS 或中断了连接：请确认该端口属于许可证服务器，并检查途经的过滤设备。',
};

function secured(tls: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    tls.once('secureConnect', resolve).once('error', reject);
    tls.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const { CN, O } = name ?? {};
  const [first = '?'] = [CN ?? O ?? '?'].flat();
  return first.slice(0, MOST_NAME);
}
