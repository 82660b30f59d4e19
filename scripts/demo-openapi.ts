import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, FormData, request } from 'undici';

export interface DemoApiOptions {
  readonly serverUrl: string;
  readonly caFile: string;
  readonly customerId: string;
  readonly customerSecret: string;
  readonly say: (text: string) => void;
}

/** A customer's back end: makes calls of the OpenAPI as curl would, and shows them with their answers. */
export class DemoApi {
  readonly #options: DemoApiOptions;
  readonly #dispatcher: Dispatcher;

  constructor(options: DemoApiOptions) {
    this.#options = options;
    this.#dispatcher = new Agent({ connect: { ca: readFileSync(options.caFile) } });
  }

  /**
   * One call; the answer's JSON.
   *
   * @param body a JSON body, or a file's text for a multipart upload
   * @param expected the status without which the demo has failed
   */
  async call(
    method: 'GET' | 'POST',
    path: string,
    query: Record<string, string>,
    { body, expected = 200 }: { body?: object | string; expected?: number } = {},
  ): Promise<{ data?: Record<string, unknown> }> {
    const { serverUrl, customerId, customerSecret, say } = this.#options;
    const url = `${serverUrl}/dabiz/license/v2/${path}?${new URLSearchParams(query)}`;
    say(
      `  ${method} ${url.slice(serverUrl.length)}${typeof body === 'object' ? ` ${JSON.stringify(body)}` : ''}`,
    );
    const answer = await request(url, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${customerId}:${customerSecret}`).toString('base64')}`,
        ...(typeof body === 'object' && { 'content-type': 'application/json' }),
      },
      body:
        typeof body === 'object' ? JSON.stringify(body) : typeof body === 'string' ? fileForm(body) : null,
      dispatcher: this.#dispatcher,
    });
    const text = await answer.body.text();
    say(`  → ${answer.statusCode} ${text.trimEnd()}`);
    if (answer.statusCode !== expected) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return text.startsWith('{') ? JSON.parse(text) : {};
  }

  close(): Promise<void> {
    return this.#dispatcher.close();
  }
}

function fileForm(text: string): FormData {
  const form = new FormData();
  form.append('file', new Blob([text], { type: 'text/plain' }), 'license-keys.txt');
  return form;
}

export interface Bought {
  readonly appId: string;
  readonly pid: string;
  readonly renewId: string;
}

/**
 * The flow of the public License documents, step by step: allocate, preauthorize, activate, renew, query. What was
 * bought is there already.
 */
export async function walkThroughOpenApi(
  api: DemoApi,
  { appId: appid, pid, renewId }: Bought,
  step: (english: string, chinese: string) => void,
): Promise<void> {
  step(
    'OpenAPI: 30 licenses are reserved for one App (allocate).',
    'OpenAPI：为一个 App 预留 30 个 License（配额）。',
  );
  await api.call('POST', 'allocate', { appid }, { body: { pid, count: 30, creator: 'admin' } });
  await api.call('GET', 'product/allocations', { appid, page: '1', size: '10' });

  step(
    'OpenAPI: only listed LicenseKeys may activate (preauthorize).',
    'OpenAPI：只有白名单中的 LicenseKey 可以激活（预授权）。',
  );
  await api.call('POST', 'vendor/pad/switch', { appid });
  await api.call('POST', 'pad/upload', { appid }, { body: 'SN-1001\nSN-1002\nSN-1003\n' });
  await api.call('POST', 'pad/add', { appid, licenseKey: 'SN-1004' });
  await api.call('GET', 'pads/search', { appid, licenseKey: 'SN-1002' });
  await api.call('GET', 'pads', { appid, page: '1', size: '2' });

  step(
    'OpenAPI: a listed LicenseKey activates, another does not.',
    'OpenAPI：白名单内的可以激活，其他的不行。',
  );
  const { data } = await api.call('POST', 'active', { appid, pid, licenseKey: 'SN-1001' });
  await api.call('POST', 'active', { appid, pid, licenseKey: 'SN-9999' }, { expected: 400 });

  step('OpenAPI: the license is renewed for another year.', 'OpenAPI：为该 License 续期一年。');
  await api.call('POST', 'renew', { appid, renewId, license: String(data?.['license']) });

  step('OpenAPI: what it is now (query).', 'OpenAPI：查询。');
  await api.call('GET', 'detail', { appid, key: 'SN-1001' });

  step('OpenAPI: preauthorization is switched off again.', 'OpenAPI：再次调用，关闭预授权。');
  await api.call('POST', 'vendor/pad/switch', { appid });
}
