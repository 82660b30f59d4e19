import type { CallAnswer, CallBody, OpenApiClient } from './openapi-client.ts';

export interface UploadedData {
  readonly added: number;
  readonly duplicates: number;
  readonly invalid: number;
  readonly duplicateLines: readonly number[];
  readonly problems: readonly { readonly line: number; readonly problem: string }[];
  readonly upload: string;
}

export interface UploadAnswer extends Omit<CallAnswer, 'body'> {
  readonly body: Omit<CallBody, 'data'> & { readonly data: UploadedData };
}

export interface UploadForm {
  readonly field?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** More parts of the form. */
  readonly more?: (form: FormData) => void;
  readonly version?: 'v1' | 'v2';
}

/** Call 8, as a program sends a file. */
export async function upload(
  client: OpenApiClient,
  appid: string,
  content: string | Buffer,
  { field = 'file', query = {}, headers = {}, more, version = 'v1' }: UploadForm = {},
): Promise<UploadAnswer> {
  const form = new FormData();
  form.append(field, new Blob([typeof content === 'string' ? content : new Uint8Array(content)]), 'keys.txt');
  more?.(form);
  const parameters = new URLSearchParams({ appid, ...query });
  const response = await fetch(`${client.url}/dabiz/license/${version}/pad/upload?${parameters}`, {
    method: 'POST',
    headers: { authorization: client.authorization, ...headers },
    body: form,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as UploadAnswer['body'],
  };
}

/** Call 13: the whole list as text. */
export async function exported(client: OpenApiClient, appid: string): Promise<string> {
  const response = await fetch(
    `${client.url}/dabiz/license/v2/pads/export?${new URLSearchParams({ appid })}`,
    {
      headers: { authorization: client.authorization },
    },
  );
  return response.text();
}

/** LicenseKeys in an order that is no index's, one a line. */
export function manyLicenseKeys(count: number): string {
  let text = '';
  for (let index = 0; index < count; index += 1)
    text += `DEV-${((index * 2_654_435_761) % 4_294_967_296).toString(16)}-${index}\n`;
  return text;
}
