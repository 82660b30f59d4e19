import type { licenseView } from '../../server-stub/http/openapi/license-view.ts';
import type { Problem } from '../../server-stub/http/problems.ts';
import type { Credential } from '../../server-stub/licensing/credentials.ts';

/** The contract's envelope: `data` on success, `error` on failure. */
export type CallBody = Problem & { data: ReturnType<typeof licenseView> };

export interface CallAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: CallBody;
}

/** A program that was written for the public API. */
export class OpenApiClient {
  readonly url: string;
  readonly authorization: string;
  readonly #appId: string;
  readonly #pid: string;

  constructor(
    url: string,
    { customerId, customerSecret }: Pick<Credential, 'customerId' | 'customerSecret'>,
    appId: string,
    pid: string,
  ) {
    this.url = url;
    this.authorization = `Basic ${Buffer.from(`${customerId}:${customerSecret}`).toString('base64')}`;
    this.#appId = appId;
    this.#pid = pid;
  }

  async call(method: string, path: string, headers: Record<string, string> = {}): Promise<CallAnswer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: this.authorization, ...headers },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as CallBody };
  }

  /** A POST with a JSON body. */
  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<CallAnswer> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: this.authorization, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as CallBody };
  }

  activate(
    licenseKey: string,
    { appId = this.#appId, pid = this.#pid, version = 'v2' } = {},
  ): Promise<CallAnswer> {
    const query = new URLSearchParams({ pid, licenseKey, appid: appId });
    return this.call('POST', `/dabiz/license/${version}/active?${query}`);
  }

  detail(key: string, { appId = this.#appId, version = 'v2' } = {}): Promise<CallAnswer> {
    return this.call('GET', `/dabiz/license/${version}/detail?${new URLSearchParams({ appid: appId, key })}`);
  }
}
