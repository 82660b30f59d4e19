import type { TestDirectory } from './directory.ts';
import type { TestServer } from './server.ts';

export const FLOW_COOKIE = '__Host-license-console-oidc';
const START = '/console/api/session/oidc';

/** What a browser has after an answer: where it is sent, and which cookies it was given. */
export interface Sent {
  readonly status: number;
  readonly location: string;
  readonly cookies: Readonly<Record<string, string>>;
  readonly setCookie: readonly string[];
}

/** One step of a browser, which follows nothing by itself. */
export async function step(url: string, cookies: Readonly<Record<string, string>> = {}): Promise<Sent> {
  const cookie = Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
  const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
  const setCookie = response.headers.getSetCookie();
  const given = setCookie.map((line) => /^([^=]+)=([^;]*)/.exec(line)).map((found) => found?.slice(1, 3));
  return {
    status: response.status,
    location: response.headers.get('location') ?? '',
    cookies: Object.fromEntries((given as [string, string][]).filter(([, value]) => value !== '')),
    setCookie,
  };
}

/** A sign-in up to the address that the directory sends the browser back to. */
export async function comeBack(server: TestServer, directory: TestDirectory, subject: string) {
  const { location, cookies } = await step(`${server.url}${START}`);
  return {
    callback: await directory.signIn(location, subject, server.url),
    cookies,
    authorization: location,
  };
}

/** A whole sign-in: where it ends. */
export async function enterThrough(
  server: TestServer,
  directory: TestDirectory,
  subject: string,
): Promise<Sent> {
  const { callback, cookies } = await comeBack(server, directory, subject);
  return step(callback, cookies);
}
