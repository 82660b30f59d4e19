import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { createHttpDispatcher } from '#core/host/http-dispatcher.ts';
import { reasonOf } from '#core/host/reason.ts';
import type { Environment } from '../options.ts';
import { type Finding, finding } from './finding.ts';

const TIMEOUT_MS = 5_000;
/** How far this clock may be from the server's, in seconds. */
const TOLERANCE_SECONDS = 300;

/** The way to each server of the enrollment, step by step; the first step that fails says where it ends. */
export async function lookAtNetwork(
  { serverUrls, caCertificate }: Enrollment,
  env: Environment,
  now: number,
): Promise<Finding[]> {
  const findings = await Promise.all(serverUrls.map((url) => lookAtServer(url, caCertificate, env, now)));
  return findings.flat();
}

async function lookAtServer(
  serverUrl: string,
  ca: string,
  env: Environment,
  now: number,
): Promise<Finding[]> {
  const url = new URL(serverUrl);
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const where = `${url.hostname}:${port}`;
  const proxy = proxyOf(url, env);
  const found: Finding[] = [];
  if (proxy === undefined) {
    const resolved = await lookUp(url.hostname);
    found.push(resolved);
    if (resolved.outcome === 'fault') return found;
    const reached = await reach(url.hostname, port, where);
    found.push(reached);
    if (reached.outcome === 'fault') return found;
    if (url.protocol === 'https:') {
      const greeted = await shakeHands(url.hostname, port, ca, where);
      found.push(greeted);
      if (greeted.outcome === 'fault') return found;
    }
  } else {
    found.push(
      finding('route', 'ok', {
        en: `${where} is reached through the proxy ${proxy}`,
        zh: `通过代理 ${proxy} 访问 ${where}`,
      }),
    );
  }
  return [...found, ...(await askHealth(serverUrl, ca, env, now))];
}

async function lookUp(host: string): Promise<Finding> {
  try {
    const addresses = await within(lookup(host, { all: true }));
    const list = addresses.map(({ address }) => address).join(' ');
    return finding('dns', 'ok', { en: `${host} is ${list}`, zh: `${host} 的地址为 ${list}` });
  } catch (cause) {
    const { en, zh } = reasonOf(cause);
    return finding(
      'dns',
      'fault',
      { en: `${host}: ${en}`, zh: `${host}：${zh}` },
      {
        en: 'Check the DNS servers of this device (/etc/resolv.conf), or let an enrollment file name an address.',
        zh: '请检查本设备的 DNS 服务器（/etc/resolv.conf），或在登记文件中使用 IP 地址。',
      },
    );
  }
}

async function reach(host: string, port: number, where: string): Promise<Finding> {
  const socket = connectTcp({ host, port });
  try {
    await within(settled(socket, 'connect'));
    return finding('route', 'ok', { en: `${where} is reached`, zh: `可以连接 ${where}` });
  } catch (cause) {
    const { en, zh } = reasonOf(cause);
    return finding(
      'route',
      'fault',
      { en: `${where}: ${en}`, zh: `${where}：${zh}` },
      {
        en: 'Check the network cable or Wi-Fi, the route, firewalls between here and the server, and that it runs.',
        zh: '请检查网线或 Wi-Fi、路由、途经的防火墙，以及服务器是否在运行。',
      },
    );
  } finally {
    socket.destroy();
  }
}

async function shakeHands(host: string, port: number, ca: string, where: string): Promise<Finding> {
  // Looked at whatever it is: whose certificate it was is what helps.
  const socket = connectTls({
    host,
    port,
    ...(ca && { ca }),
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
  });
  try {
    await within(settled(socket, 'secureConnect'));
    const peer = socket.getPeerCertificate();
    const whose = nameOf(peer.subject) ?? '?';
    if (socket.authorized)
      return finding('tls', 'ok', {
        en: `${where} shows the certificate of ${whose}`,
        zh: `${where} 的证书为 ${whose}`,
      });
    const { en, zh } = reasonOf(Object.assign(new Error(), { code: socket.authorizationError }));
    const by = nameOf(peer.issuer) ?? '?';
    return finding(
      'tls',
      'fault',
      {
        en: `${where} shows a certificate of ${whose} by ${by}: ${en || 'it is not trusted'}`,
        zh: `${where} 的证书为 ${whose}，由 ${by} 签发：${zh || '不受信任'}`,
      },
      {
        en: 'Somebody else may answer in its place (a proxy that looks into TLS, or the log-in page of a network), or the server has a new certificate authority: ask for a new enrollment file.',
        zh: '可能有其他设备代为应答（会解密 TLS 的代理，或网络登录页面），或服务器更换了证书颁发机构：请索取新的登记文件。',
      },
    );
  } catch (cause) {
    const { en, zh } = reasonOf(cause);
    return finding(
      'tls',
      'fault',
      { en: `${where}: ${en}`, zh: `${where}：${zh}` },
      {
        en: 'Check that the port is that of the license server.',
        zh: '请确认该端口属于许可证服务器。',
      },
    );
  } finally {
    socket.destroy();
  }
}

async function askHealth(serverUrl: string, ca: string, env: Environment, now: number): Promise<Finding[]> {
  const { request } = await import('undici');
  const dispatcher = await createHttpDispatcher({ ca, env });
  try {
    const response = await request(`${serverUrl.replace(/\/+$/, '')}/healthz`, {
      dispatcher,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = (await response.body.text()).slice(0, 1000);
    if (response.statusCode !== 200 || !text.trimStart().startsWith('{'))
      return [
        finding(
          'server',
          'fault',
          {
            en: `${serverUrl} answers HTTP ${response.statusCode}, and not as a license server`,
            zh: `${serverUrl} 返回 HTTP ${response.statusCode}，不是许可证服务器的应答`,
          },
          {
            en: 'Somebody else answers there, such as the log-in page of a network: log in, or check the address.',
            zh: '应答的不是许可证服务器，例如网络登录页面：请登录网络，或检查地址。',
          },
        ),
      ];
    const ok = finding('server', 'ok', { en: `${serverUrl} is up`, zh: `${serverUrl} 运行正常` });
    return [ok, ...clockAgainst(response.headers['date'], now)];
  } catch (cause) {
    const { en, zh } = reasonOf(cause);
    const remedy = {
      en: 'See the log of the license server; a proxy may refuse the way there.',
      zh: '请查看许可证服务器的日志；也可能被代理拒绝。',
    };
    return [finding('server', 'fault', { en: `${serverUrl}: ${en}`, zh: `${serverUrl}：${zh}` }, remedy)];
  } finally {
    await dispatcher.destroy();
  }
}

function clockAgainst(date: string | string[] | undefined, now: number): Finding[] {
  const server = typeof date === 'string' ? Date.parse(date) / 1000 : Number.NaN;
  if (Number.isNaN(server)) return [];
  const difference = Math.round(now - server);
  if (Math.abs(difference) <= TOLERANCE_SECONDS)
    return [finding('clock.server', 'ok', { en: "the clock is the server's", zh: '时钟与服务器一致' })];
  const far = `${difference > 0 ? '+' : ''}${difference} s`;
  return [
    finding(
      'clock.server',
      'warning',
      { en: `the clock is ${far} from the server's`, zh: `时钟与服务器相差 ${far}` },
      {
        en: 'Set the clock, or let it be set (NTP). The license goes by signed time and goes on meanwhile.',
        zh: '请校准时钟或启用 NTP。许可证依据签名时间，在此期间继续有效。',
      },
    ),
  ];
}

function proxyOf(url: URL, env: Environment): string | undefined {
  const proxy =
    env[`${url.protocol}`.replace(':', '_proxy')] ??
    env[`${url.protocol}`.replace(':', '_proxy').toUpperCase()];
  const excluded = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(/[\s,]+/).filter((each) => each !== '');
  const isExcluded = excluded.some(
    (each) =>
      each === '*' ||
      url.hostname === each.replace(/^\./, '') ||
      url.hostname.endsWith(`.${each.replace(/^\./, '')}`),
  );
  if (!proxy || isExcluded) return undefined;
  // A password in it is nobody's business.
  return URL.canParse(proxy) ? new URL(proxy).host : proxy;
}

function nameOf(name: PeerCertificate['subject'] | undefined): string | undefined {
  const { CN, O } = name ?? {};
  const shown = CN ?? O;
  return Array.isArray(shown) ? shown[0] : shown;
}

function settled(socket: NodeJS.EventEmitter, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once('error', reject);
  });
}

function within<T>(work: Promise<T>): Promise<T> {
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(() => reject(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })), TIMEOUT_MS).unref();
  });
  return Promise.race([work, timeout]);
}
