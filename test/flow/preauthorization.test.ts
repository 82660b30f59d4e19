import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { temporaryFolder } from '../support/folder.ts';
import type { OpenApiClient } from '../support/openapi-client.ts';
import { type ServerFolder, serveEnvironment } from '../support/prepare-server.ts';
import { runHere } from '../support/run-here.ts';
import { createServerFolder } from '../support/server-folder.ts';
import { exported, manyLicenseKeys, upload } from '../support/upload.ts';
import { run } from './program.ts';
import { clientOf, serve } from './server-process.ts';

endClusterAfterAll();

interface UploadView {
  readonly state: string;
  readonly lines: number;
  readonly done: number;
}

const uploadsOf = async (client: OpenApiClient, { world }: ServerFolder): Promise<UploadView[]> =>
  (await client.call('GET', `/dabiz/license/v2/pad/uploads?appid=${world.appId}`)).body
    .data as unknown as UploadView[];

async function until(
  client: OpenApiClient,
  folder: ServerFolder,
  is: (newest: UploadView) => boolean,
): Promise<void> {
  for (;;) {
    const [newest] = await uploadsOf(client, folder);
    if (newest !== undefined && is(newest)) return;
  }
}

const arrivedFiles = ({ stateDir }: ServerFolder): string[] => {
  const uploads = join(stateDir, 'uploads');
  return existsSync(uploads) ? readdirSync(uploads) : [];
};

test.each(ENGINES)(
  'kill -9 while rows go in: the rest follows at the next start, nothing twice, nothing lost (%s)',
  async (engine) => {
    const folder = await createServerFolder({ engine });
    const { appId } = folder.world;
    const content = manyLicenseKeys(60_000);
    const first = await serve(folder);
    const client = clientOf(first, folder);
    const uploading = upload(client, appId, content).catch(() => 'ended');
    await until(client, folder, ({ state, done }) => state === 'entering' && done > 0);
    await first.end('SIGKILL');
    expect(await uploading).toBe('ended');
    expect(arrivedFiles(folder)).toHaveLength(1);

    const second = await serve(folder);
    const again = clientOf(second, folder);
    await until(again, folder, ({ state }) => state === 'entered');
    expect((await exported(again, appId)) === content).toBe(true);
    expect(await uploadsOf(again, folder)).toMatchObject([
      { lines: 60_000, done: 60_000, added: 60_000, duplicates: 0 },
    ]);
    await second.end('SIGTERM');
    expect(arrivedFiles(folder)).toEqual([]);
  },
  120_000,
);

test('kill -9 while a file arrives: nothing of it is in the list, and it is removed at the next start', async () => {
  const folder = await createServerFolder();
  const { appId } = folder.world;
  const first = await serve(folder);
  const client = clientOf(first, folder);
  const sending = httpRequest(`${client.url}/dabiz/license/v1/pad/upload?appid=${appId}`, {
    method: 'POST',
    headers: {
      authorization: client.authorization,
      'content-type': 'multipart/form-data; boundary=b',
      'content-length': 10_000_000,
    },
  });
  sending.on('error', () => {});
  sending.write('--b\r\ncontent-disposition: form-data; name="file"; filename="k"\r\n\r\n');
  sending.write(manyLicenseKeys(20_000));
  while (arrivedFiles(folder).length === 0) await new Promise((turn) => setImmediate(turn));
  await first.end('SIGKILL');
  expect(arrivedFiles(folder)).toHaveLength(1);

  const second = await serve(folder);
  const again = clientOf(second, folder);
  while (arrivedFiles(folder).length > 0) await again.detail('none');
  expect(await exported(again, appId)).toBe('');
  expect(await uploadsOf(again, folder)).toEqual([]);
});

test('SIGTERM while rows go in: the caller is told that it goes on, and so it does', async () => {
  const folder = await createServerFolder();
  const { appId } = folder.world;
  const content = manyLicenseKeys(60_000);
  const first = await serve(folder);
  const client = clientOf(first, folder);
  const uploading = upload(client, appId, content);
  await until(client, folder, ({ state, done }) => state === 'entering' && done > 0);
  await first.end('SIGTERM');
  expect(await uploading).toMatchObject({ status: 503, body: { error: 'upload_pending' } });
  const second = await serve(folder);
  const again = clientOf(second, folder);
  await until(again, folder, ({ state }) => state === 'entered');
  expect((await exported(again, appId)) === content).toBe(true);
}, 60_000);

test('on the command line beside a running server: upload, look, change, export', async () => {
  const folder = await createServerFolder();
  const { appId } = folder.world;
  const server = await serve(folder);
  const client = clientOf(server, folder);
  const files = temporaryFolder();
  const [file, out, bad] = ['keys.txt', 'out.txt', 'bad.txt'].map((name) => join(files, name)) as [
    string,
    string,
    string,
  ];
  const content = manyLicenseKeys(120_000);
  writeFileSync(file, content);
  writeFileSync(bad, `SN-1\n${'x'.repeat(200)}\n`);
  const askBy = async (how: typeof runHere, ...args: string[]) => {
    const env = { ...serveEnvironment(folder), LC_ALL: 'zh_CN.UTF-8' };
    const ended = await how('server', { args: ['preauthorization', ...args, '--app', appId, '--json'], env });
    return { ...ended, json: ended.stdout.startsWith('{') ? JSON.parse(ended.stdout) : undefined };
  };

  const ask = (...args: string[]) => askBy(runHere, ...args);

  // Both write: the server's calls must get their turn.
  const uploading = askBy(run, 'upload', file);
  let activations = 0;
  let over = false;
  void uploading.finally(() => (over = true));
  while (!over) {
    const answer = await client.activate(`OTHER-${activations % 50}`);
    expect(answer.status).toBe(200);
    activations += 1;
  }
  expect(await uploading).toMatchObject({ code: 0, json: { added: 120_000, duplicates: 0, invalid: 0 } });
  // How many rows a batch has depends on the machine; that 100,000 are passed is told once.
  expect((await uploading).stderr).toMatch(/^已写入 1[012]\d{4}\/120000 …$/m);
  expect(activations).toBeGreaterThan(20);

  expect(await ask('export', '--out', out)).toMatchObject({ code: 0, json: { count: 120_000 } });
  expect(readFileSync(out, 'utf8') === content).toBe(true);
  expect((await ask('export')).stdout === content).toBe(true);
  expect(await ask('export', '--out', out)).toMatchObject({ code: 2, json: { error: 'file_exists' } });
  expect(await ask('upload', bad)).toMatchObject({ code: 2, json: { error: 'upload_invalid' } });
  expect(await ask('upload', bad, '--partial')).toMatchObject({ code: 0, json: { added: 1, invalid: 1 } });
  expect(await ask('upload', join(files, 'none'))).toMatchObject({
    code: 2,
    json: { error: 'file_unreadable' },
  });
  expect(await ask('search', 'SN-1')).toMatchObject({ code: 0, json: { found: true } });
  expect(await ask('switch', 'on')).toMatchObject({ code: 0, json: { enabled: true } });
  expect((await client.activate('SN-2')).body.error).toBe('not_preauthorized');
  expect(await ask('add', 'SN-2', 'SN-3', 'SN-1')).toMatchObject({
    code: 0,
    json: { added: 2, duplicates: 1 },
  });
  expect((await client.activate('SN-2')).status).toBe(200);
  expect(await ask('delete', 'SN-3', 'SN-none')).toMatchObject({ code: 0, json: { deleted: 1 } });
  expect(await ask('search', 'SN-3')).toMatchObject({ code: 3, json: { found: false } });
  expect(await ask('list', '--size', '1')).toMatchObject({
    code: 0,
    json: { enabled: true, count: 120_002, list: [{ licenseKey: 'SN-2' }] },
  });
  expect((await ask('uploads')).json.uploads).toHaveLength(2);
  expect(await ask('clear')).toMatchObject({ code: 2, json: { error: 'not_confirmed' } });
  expect(await ask('clear', '--yes')).toMatchObject({ code: 0, json: { cleared: 120_002 } });
  expect(await ask('switch', 'maybe')).toMatchObject({ code: 2, json: { error: 'usage' } });
  expect(await ask('switch')).toMatchObject({ code: 0, json: { enabled: false } });
  expect(await exported(client, appId)).toBe('');
}, 120_000);
