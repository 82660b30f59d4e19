import type { LookupAddress } from 'node:dns';
import type { Socket } from 'node:net';
import type { Bilingual } from '#core/errors.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import { readIfThere } from '../system-files.ts';
import { about, type Finding, finding } from './finding.ts';
import { shownUrl } from './proxy-of.ts';
import { openRoad, RefusedByProxy, type Road } from './road.ts';

export interface RouteLook {
  readonly found: Finding;
  /** Connected to the server, or to the proxy before a server without TLS; undefined where nothing is. */
  readonly socket?: Socket;
}

/** Whether a server is reached, and through which proxy. */
export async function lookAtRoute(road: Road, addresses: readonly LookupAddress[]): Promise<RouteLook> {
  const { host, port, proxy } = road;
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const shown = proxy && shownUrl(proxy);
  const detail = { host, port, proxy: shown ?? null };
  try {
    const socket = await openRoad(road, addresses);
    const words =
      shown === undefined
        ? { en: `${where} is reached`, zh: `可以连接 ${where}` }
        : { en: `${where} is reached through the proxy ${shown}`, zh: `通过代理 ${shown} 可以连接 ${where}` };
    return { found: finding('route', 'ok', words, { detail }), socket };
  } catch (cause) {
    const isRefused = cause instanceof RefusedByProxy;
    const reason = isRefused ? cause.reason : reasonOf(cause);
    const by = shown === undefined ? where : `${where} (${shown})`;
    return {
      found: finding('route', 'fault', about(by, reason), {
        remedy: shown === undefined ? remedyFor(cause) : ASK_PROXY,
        detail: { ...detail, problem: isRefused ? `HTTP ${cause.status}` : (codeOf(cause) ?? '') },
      }),
    };
  }
}

function remedyFor(cause: unknown): Bilingual {
  if (codeOf(cause) === 'ECONNREFUSED') return START_SERVER;
  return hasDefaultRoute() ? LOOK_BETWEEN : CONNECT;
}

/** Destination 0.0.0.0 or ::, no bit of it given. Source: proc(5), /proc/net/route; /proc/net/ipv6_route. */
function hasDefaultRoute(): boolean {
  const v4 = readIfThere('/proc/net/route') ?? '';
  const v6 = (readIfThere('/proc/net/ipv6_route') ?? '')
    .split('\n')
    .filter((line) => !line.trimEnd().endsWith(' lo'));
  return /^\S+\t00000000\t/m.test(v4) || v6.some((line) => /^0{32} 00 /.test(line));
}

const START_SERVER: Bilingual = {
  en: 'The machine answers and nothing listens there: check the port, that license-server runs, and its firewall.',
  zh: '主机有响应，但该端口没有服务：请检查端口、license-server 是否在运行，以及其防火墙。',
};
const LOOK_BETWEEN: Bilingual = {
  en: 'Check firewalls and filters between here and the server, the address, and that it runs.',
  zh: '请检查途经的防火墙与过滤、地址，以及服务器是否在运行。',
};
const CONNECT: Bilingual = {
  en: 'This machine has no default route: check the network cable or Wi-Fi, and its address (DHCP).',
  zh: '本机没有默认路由：请检查网线或 Wi-Fi，以及地址分配（DHCP）。',
};
const ASK_PROXY: Bilingual = {
  en: 'Check the proxy (https_proxy, http_proxy) and what it lets through, or except the server from it (no_proxy).',
  zh: '请检查代理（https_proxy、http_proxy）及其放行规则，或将服务器设为例外（no_proxy）。',
};
