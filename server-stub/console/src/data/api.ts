import type { LicenseDetail, LicensePage } from '../../../http/console/license-routes.ts';
import type { Session } from '../../../http/console/session-routes.ts';
import type { Usage } from '../../../http/console/usage-routes.ts';

import type { UserList, UserView, UserWithPassword } from '../../../http/console/user-routes.ts';
import type { Ways } from '../../../http/console/ways.ts';

export type { LicenseView } from '../../../http/console/license-routes.ts';
export type {
  LicenseDetail,
  LicensePage,
  Session,
  Usage,
  UserList,
  UserView as User,
  UserWithPassword,
  Ways,
};

/** A refusal of the server: its code, and its message in the language that was asked for. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Language of messages; set by the pages. */
let language = 'zh-CN';
export function speak(next: string): void {
  language = next;
}

/**
 * One call of the server.
 *
 * @throws ApiError; `offline` where nobody answers
 */
export async function call<T>(method: string, path: string, body?: object): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/console/api${path}`, {
      method,
      headers: {
        'accept-language': language,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError('offline', '');
  }
  if (response.status === 204) return undefined as T;
  const answer = await response.json().catch(() => ({ error: 'internal', message: response.statusText }));
  if (!response.ok) throw new ApiError(answer.error, answer.message);
  return answer as T;
}

/** A query string of what is given. */
export function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length === 0 ? '' : `?${query}`;
}
