import type { LookupAddress } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type LookupFunction, type Socket } from 'node:net';
import type { Bilingual } from '#core/errors.ts';
import type { Environment } from '../options.ts';
import { bare, proxyOf, shownUrl } from './proxy-of.ts';
import { within } from './within.ts';

/** The way to one server of the enrollment. */
export interface Road {
  readonly url: URL;
  /** For people: without a password. */
  readonly shown: string;
  readonly host: string;
  readonly port: number;
  readonly proxy: URL | undefined;
  /** PEM of the authorities; '' for those of the machine, undefined where this user may not know. */
  readonly ca: string | undefined;
}

export function roadTo(serverUrl: string, ca: string | undefined, env: Environment): Road {
  const url = new URL(serverUrl);
  const port = portOf(url);
  return { url, shown: shownUrl(url), host: bare(url.hostname), port, proxy: proxyOf(url, env), ca };
}

/** Whom this machine itself connects to: the proxy, where one stands between. */
export function nextStop({ host, port, proxy }: Road): { readonly host: string; readonly port: number } {
  return proxy === undefined ? { host, port } : { host: bare(proxy.hostname), port: portOf(proxy) };
}

/** A proxy that does not let us through. */
export class RefusedByProxy extends Error {
  override readonly name = 'RefusedByProxy';
  readonly status: number;

  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }

  get reason(): Bilingual {
    return this.status === 407
      ? { en: 'the proxy wants a name and a password', zh: '代理要求用户名和密码' }
      : { en: `the proxy refuses with HTTP ${this.status}`, zh: `代理拒绝，返回 HTTP ${this.status}` };
  }
}

/**
 * Connects to the addresses that were found; on a road of TLS through a proxy, to the server behind it.
 *
 * @throws RefusedByProxy, and the errors of connections
 */
export function openRoad(road: Road, addresses: readonly LookupAddress[]): Promise<Socket> {
  const isTunnel = road.proxy !== undefined && road.url.protocol === 'https:';
  return isTunnel ? openTunnel(road, road.proxy, addresses) : openSocket(road, addresses);
}

async function openSocket(road: Road, addresses: readonly LookupAddress[]): Promise<Socket> {
  const socket = connect({ ...nextStop(road), lookup: known(addresses) });
  return opened(socket, (done, failed) => socket.once('connect', () => done(socket)).once('error', failed));
}

async function openTunnel(
  { host, port }: Road,
  proxy: URL,
  addresses: readonly LookupAddress[],
): Promise<Socket> {
  const { username, password } = proxy;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)({
    host: bare(proxy.hostname),
    port: portOf(proxy),
    method: 'CONNECT',
    path: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    lookup: known(addresses),
    ...(username !== '' && {
      headers: { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` },
    }),
  });
  return opened(request, (done, failed) => {
    request.once('connect', ({ statusCode = 0 }, socket: Socket) => {
      if (statusCode === 200) return done(socket);
      socket.destroy();
      failed(new RefusedByProxy(statusCode));
    });
    request.once('response', ({ statusCode = 0 }) => failed(new RefusedByProxy(statusCode)));
    request.once('error', failed).end();
  });
}

/** What an attempt brings; what it began is ended where it takes too long or fails. */
async function opened(
  attempt: { destroy(): unknown; on(event: 'error', listener: () => void): unknown },
  begin: (done: (socket: Socket) => void, failed: (cause: Error) => void) => void,
): Promise<Socket> {
  try {
    return await within(new Promise<Socket>(begin));
  } catch (thrown) {
    attempt.on('error', () => {});
    attempt.destroy();
    throw thrown;
  }
}

/** Those that were found, and no second search. */
function known(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, give) => {
    const [first] = addresses;
    if (all) give(null, [...addresses]);
    else give(null, first?.address ?? '', first?.family);
  };
}

function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}
