import { proxyUrl } from '#core/host/http-dispatcher.ts';
import type { Environment } from '../options.ts';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * The proxy that a call to a URL goes through, by the variables of the environment as the daemon's HTTP client (undici,
 * EnvHttpProxyAgent) takes them: that of HTTPS, else that of HTTP; undefined where the way is direct.
 */
export function proxyOf(url: URL, env: Environment): URL | undefined {
  const http = env['http_proxy'] || env['HTTP_PROXY'];
  const https = env['https_proxy'] || env['HTTPS_PROXY'] || http;
  const proxy = proxyUrl(url.protocol === 'https:' ? https : http);
  if (!proxy || !URL.canParse(proxy)) return undefined;
  return isExcepted(url, env['no_proxy'] || env['NO_PROXY'] || '') ? undefined : new URL(proxy);
}

function isExcepted({ hostname, port, protocol }: URL, exceptions: string): boolean {
  const host = bare(hostname);
  const portNumber = Number(port) || DEFAULT_PORTS[protocol];
  return exceptions
    .split(/[,\s]+/)
    .filter((each) => each !== '')
    .some((each) => {
      const [, name = each, onPort] = /^(\[.+\]|[^:]+):(\d+)$/.exec(each) ?? [];
      if (onPort !== undefined && Number(onPort) !== portNumber) return false;
      if (name === '*') return true;
      const domain = bare(name.replace(/^\*?\./, ''));
      return host.endsWith(`.${domain}`) || (host === domain && !name.startsWith('*'));
    });
}

/** Without the brackets of an IPv6 address and the dot at the end of a full name. */
export function bare(host: string): string {
  return host
    .replace(/^\[(.+)\]$/, '$1')
    .replace(/(.)\.$/, '$1')
    .toLowerCase();
}

/** A URL as others may see it: a password in it is nobody's business. */
export function shownUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href.replace(/\/$/, '');
}
