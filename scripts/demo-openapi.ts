import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, FormData, request } from 'undici';

export interface DemoApiOptions {
  readonly serverUrl: string;
  readonly caFile: string;
  readonly customerId: string;
  readonly customerSecret: string;
  /** Of messages in answers. */
  readonly language: 'en' | 'zh';
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
    const { serverUrl, customerId, customerSecret, language, say } = this.#options;
    const url = `${serverUrl}/dabiz/license/v2/${path}?${new URLSearchParams(query)}`;
    const sent = typeof body === 'string' ? ` -F file=@${FILE} ` : ' ';
    say(`  ${method} ${url.slice(serverUrl.length)}${body === undefined ? '' : sent + JSON.stringify(body)}`);
    const answer = await request(url, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${customerId}:${customerSecret}`).toString('base64')}`,
        'accept-language': language,
        ...(typeof body === 'object' && { 'content-type': 'application/json' }),
      },
      body:
        typeof body === 'object' ? JSON.stringify(body) : typeof body === 'string' ? fileForm(body) : null,
      dispatcher: this.#dispatcher,
    });
    const text = await answer.body.text();
    say(`  → ${answer.statusCode} ${text.trimEnd().replaceAll('\n', '\n        ')}`);
    if (answer.statusCode !== expected) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return text.startsWith('{') ? JSON.parse(text) : {};
  }

  close(): Promise<void> {
    return this.#dispatcher.close();
  }
}

/** Name of the file in an upload. */
const FILE = 'license-keys.txt';

function fileForm(text: string): FormData {
  const form = new FormData();
  form.append('file', new Blob([text], { type: 'text/plain' }), FILE);
  return form;
}

export interface Bought {
  readonly appId: string;
  readonly pid: string;
  /** Buys renewals; gives their renewId. */
  applyForRenewal(): Promise<string>;
}

/**
 * The flow of the public License documents, step by step: allocate, preauthorize, activate, apply for renewal, renew,
 * query. What was bought is there already.
 */
export async function walkThroughOpenApi(
  api: DemoApi,
  { appId: appid, pid, applyForRenewal }: Bought,
  step: (english: string, chinese: string) => void,
): Promise<void> {
  step(
    'OpenAPI: 30 licenses are reserved for one App (allocate).',
    'OpenAPI：为一个 App 预留 30 个许可证（预分配）。',
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

  const renewId = await applyForRenewal();
  step(
    'OpenAPI: the license is renewed for another year (renew).',
    'OpenAPI：为该许可证续期一年（激活续期）。',
  );
  await api.call('POST', 'renew', { appid, renewId, license: String(data?.['license']) });

  step('OpenAPI: what it is now (query).', 'OpenAPI：查询。');
  await api.call('GET', 'detail', { appid, key: 'SN-1001' });

  step(
    'OpenAPI: LicenseKeys are taken off the list (delete), all are read (export), the list is cleared.',
    'OpenAPI：移除预授权的 LicenseKey、导出全部、清空列表。',
  );
  await api.call('POST', 'pad/delete', { appid }, { body: { ids: ['SN-1003', 'SN-1004'] } });
  await api.call('GET', 'pads/export', { appid });
  await api.call('POST', 'pad/clear', { appid });
  await api.call('GET', 'pads', { appid, page: '1', size: '2' });

  step(
    'OpenAPI: called once more, the switch ends preauthorization.',
    'OpenAPI：再次调用开关接口，关闭预授权。',
  );
  await api.call('POST', 'vendor/pad/switch', { appid });
}
