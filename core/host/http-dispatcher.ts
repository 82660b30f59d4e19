import type { Dispatcher } from 'undici';

const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];

export interface HttpDispatcherOptions {
  /** PEM of the authorities to trust and no others; '': those that the machine trusts. */
  readonly ca: string;
  /** Holds the proxy variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Connections of our own to HTTP servers, through the proxies of the environment. */
export async function createHttpDispatcher({ ca, env }: HttpDispatcherOptions): Promise<Dispatcher> {
  // Loaded on use: by what is done once a day, and not by commands that only look.
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const tls = ca === '' ? {} : { ca: [ca] };
  if (!PROXY_VARIABLES.some((name) => env[name])) return new Agent({ connect: tls });
  return new EnvHttpProxyAgent({
    connect: tls,
    requestTls: tls,
    httpProxy: proxyUrl(env['http_proxy'] || env['HTTP_PROXY']),
    httpsProxy: proxyUrl(env['https_proxy'] || env['HTTPS_PROXY']),
    noProxy: env['no_proxy'] || env['NO_PROXY'] || '',
  });
}

/** The URL of a proxy as people write it: `proxy.school:3128` is one of HTTP, as curl has it. */
export function proxyUrl(value = ''): string {
  return value === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
}
