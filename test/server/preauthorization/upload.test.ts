import { createReadStream, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { createLog } from '#core/host/log.ts';
import { newId } from '#core/ids.ts';
import { acceptUploads } from '../../../server-stub/licensing/preauthorization/accept-uploads.ts';
import { findUpload } from '../../../server-stub/licensing/preauthorization/enter-upload.ts';
import { Uploads, type UploadsOptions } from '../../../server-stub/licensing/preauthorization/uploads.ts';
import { ENGINES, endClusterAfterAll } from '../../support/engines.ts';
import { everything } from '../../support/everything.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { TestServer } from '../../support/server.ts';
import { throwsWithCode } from '../../support/throws.ts';
import { exported, manyLicenseKeys, upload } from '../../support/upload.ts';

endClusterAfterAll();

const filesOf = ({ folder: { stateDir } }: TestServer): string[] => {
  try {
    return readdirSync(join(stateDir, 'uploads'));
  } catch {
    return [];
  }
};

/** Uploads of a process of its own, on the server's store. */
function uploadsOn(server: TestServer, options: Partial<UploadsOptions> = {}): Uploads {
  const log = createLog('license-server', 'fatal');
  const { stateDir } = server.folder;
  return new Uploads(server.store, server.clock, log, { stateDir, maxBytes: 1 << 26, ...options });
}

/** Receives and accepts a file; its rows do not go in yet. */
async function accepted(server: TestServer, uploads: Uploads, content: string): Promise<string> {
  const file = join(temporaryFolder(), 'keys.txt');
  writeFileSync(file, content);
  const { cid, appId } = server.world;
  const { uploadId, received } = await uploads.receive(cid, createReadStream(file) as AsyncIterable<Buffer>);
  const wish = { cid, appId, uploadId, file: received, actor: 'operator:test' };
  await server.store.write(server.clock.now(), (transaction) => acceptUploads(transaction, [wish]));
  return uploadId;
}

/** Waits until rows of an upload are going in, by what the server says of it. */
async function untilGoingIn(server: TestServer): Promise<void> {
  for (;;) {
    const { body } = await server.call('GET', `/dabiz/license/v2/pad/uploads?appid=${server.world.appId}`);
    const [newest] = body.data as unknown as { state: string; done: number }[];
    if (newest?.state === 'entering' && newest.done > 0) return;
    if (newest?.state === 'entered') throw new Error('too fast to be looked at');
  }
}

describe.each(ENGINES)('uploads, store in %s', (engine) => {
  test('100,000 LicenseKeys: uploaded, found, paged to the last page and exported as they were', async () => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    const content = manyLicenseKeys(100_000);
    const { status, body } = await upload(server, appId, content);
    expect([status, body]).toEqual([
      200,
      {
        code: 200,
        message: '预授权文件上传成功',
        data: {
          added: 100_000,
          duplicates: 0,
          invalid: 0,
          duplicateLines: [],
          problems: [],
          upload: expect.stringMatching(/^[0-9A-F]{32}$/),
        },
      },
    ]);
    expect((await exported(server, appId)) === content).toBe(true);
    const keys = content.trimEnd().split('\n');
    const page = await server.call('GET', `/dabiz/license/v1/pads?appid=${appId}&page=100&size=1000`);
    const { count, list } = page.body.data as unknown as { count: number; list: { licenseKey: string }[] };
    expect([count, list.map(({ licenseKey }) => licenseKey)]).toEqual([
      100_000,
      keys.slice(0, 1000).toReversed(),
    ]);
    const found = await server.call(
      'GET',
      `/dabiz/license/v1/pads/search?appid=${appId}&licenseKey=${keys[77_777]}`,
    );
    expect(found.body.data).toMatchObject([{ licenseKey: keys[77_777] }]);
    expect(filesOf(server)).toEqual([]);

    const audited = await server.store.reader
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'preauthorization.upload')
      .execute();
    expect(audited.map(({ subject, detail }) => [subject, JSON.parse(detail)])).toEqual([
      [
        body.data.upload,
        expect.objectContaining({ appId, count: 100_000, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }),
      ],
    ]);
  }, 120_000);

  test('a byte order mark, CRLF and blank lines are no fault; duplicates are counted and named', async () => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    await upload(server, appId, 'SN-2\nSN-3\n');
    const { body } = await upload(server, appId, '\ufeffSN-1\r\n\r\nSN-2\r\nSN-1\r\nSN-4');
    expect(body.data).toMatchObject({ added: 2, duplicates: 2, invalid: 0, duplicateLines: [3, 4] });
    expect(await exported(server, appId)).toBe('SN-2\nSN-3\nSN-1\nSN-4\n');
  });

  test('of a file of duplicates alone nothing goes in, and the first twenty lines are named', async () => {
    const server = await TestServer.start({ engine });
    const content = manyLicenseKeys(3_000);
    await upload(server, server.world.appId, content);
    const { body } = await upload(server, server.world.appId, content);
    expect(body.data).toMatchObject({ added: 0, duplicates: 3_000 });
    expect(body.data.duplicateLines).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect((await exported(server, server.world.appId)) === content).toBe(true);
  });

  const BAD: [string, string | Buffer, RegExp[]][] = [
    [
      'not UTF-8',
      Buffer.from([...Buffer.from('SN-1\n'), 0xd0, 0xf2, 0x0a]),
      [/有 1 行/, /第 2 行不是 UTF-8/],
    ],
    [
      'UTF-16',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('SN-1\nSN-2\n', 'utf16le')]),
      [/UTF-16/],
    ],
    ['NUL bytes', 'SN-1\nSN\0-2\n\0\n', [/有 2 行/, /第 2 行含有 NUL 字节/, /第 3 行含有 NUL/]],
    ['a line of 2 MB', `SN-1\n${'x'.repeat(2_000_000)}\nSN-2\n`, [/第 2 行超过 128 字节/]],
    [
      'space and control characters',
      'SN-1\n SN-2\nSN\u0007\n',
      [/第 2 行首尾有空格/, /第 3 行含有不可打印字符/],
    ],
    ['thirty bad lines', `SN-1\n${'a\u0007\n'.repeat(30)}`, [/有 30 行/, /第 21 行/, /另有 10 行/]],
  ];
  test.each(BAD)('%s: told by line, and nothing changed', async (_, content, told) => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    await upload(server, appId, 'SN-0\n');
    const before = await everything(server.store.reader);
    const { status, body } = await upload(server, appId, content);
    expect([status, body.code, body.error]).toEqual([400, 400, 'upload_invalid']);
    for (const part of told) expect(body.message).toMatch(part);
    const english = await upload(server, appId, content, { headers: { 'accept-language': 'en' } });
    expect(english.body.message).not.toMatch(/[\u4e00-\u9fff]/);
    expect(await everything(server.store.reader)).toEqual(before);
    expect(filesOf(server)).toEqual([]);
  });

  test('with partial=true the good lines go in and the others are told', async () => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    const content = `SN-1\n${'x'.repeat(200)}\n\nSN\0\nSN-2\nSN-1\n`;
    const { body } = await upload(server, appId, content, { query: { partial: 'true' } });
    expect(body.data).toMatchObject({
      added: 2,
      duplicates: 1,
      invalid: 2,
      duplicateLines: [6],
      problems: [
        { line: 2, problem: '超过 128 字节' },
        { line: 4, problem: '含有 NUL 字节' },
      ],
    });
    expect(await exported(server, appId)).toBe('SN-1\nSN-2\n');
    const none = await upload(server, appId, '\0\n', { query: { partial: 'true' } });
    expect([none.status, none.body.error]).toEqual([400, 'upload_invalid']);
    expect(filesOf(server)).toEqual([]);
    const wrong = await upload(server, appId, content, { query: { partial: 'maybe' } });
    expect(wrong.body.error).toBe('parameter_invalid');
  });

  test('the same Idempotency-Key and file give the same answer and go in once; another file is refused', async () => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    const headers = { 'idempotency-key': newId() };
    const content = manyLicenseKeys(4_000);
    const answers = await Promise.all([1, 2, 3].map(() => upload(server, appId, content, { headers })));
    answers.push(await upload(server, appId, content, { headers, version: 'v2' }));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(answers[0]?.body.data).toMatchObject({ added: 4_000, duplicates: 0 });
    expect((await upload(server, appId, 'SN-1\n', { headers })).body.error).toBe('idempotency_conflict');
    expect((await upload(server, appId, content, { headers, query: { partial: 'true' } })).body.error).toBe(
      'idempotency_conflict',
    );
    const uploads = await server.store.reader.selectFrom('preauthorization_upload').selectAll().execute();
    expect(uploads).toHaveLength(1);
    expect(filesOf(server)).toEqual([]);
  });

  test('what is deleted while the rows go in does not come back with a later row', async () => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    const content = manyLicenseKeys(40_000);
    const keys = content.trimEnd().split('\n');
    const ids = [keys[0], keys[20_000], keys[39_999]];
    const uploading = upload(server, appId, content);
    await untilGoingIn(server);
    const deletion = await server.post(`/dabiz/license/v2/pad/delete?appid=${appId}`, { ids });
    expect(deletion.body).toMatchObject({ code: 200 });
    const kept = await server.call(
      'POST',
      `/dabiz/license/v2/pad/add?appid=${appId}&licenseKey=${keys[39_998]}`,
    );
    expect(kept.status).toBe(200);
    const { data } = (await uploading).body;
    expect(data.added + data.duplicates).toBe(40_000);
    const list = (await exported(server, appId)).trimEnd().split('\n');
    expect(list.toSorted()).toEqual(keys.filter((key) => !ids.includes(key)).toSorted());
    const { count } = (await server.call('GET', `/dabiz/license/v2/pads?appid=${appId}`)).body
      .data as unknown as { count: number };
    expect(count).toBe(39_997);
    const left = await server.store.reader.selectFrom('preauthorization_removal').selectAll().execute();
    expect(left).toEqual([]);
  }, 60_000);

  test('a clear while the rows go in ends the upload, which is told so', async () => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    const uploading = upload(server, appId, manyLicenseKeys(40_000));
    await untilGoingIn(server);
    await server.call('POST', `/dabiz/license/v2/pad/clear?appid=${appId}`);
    await server.call('POST', `/dabiz/license/v2/pad/add?appid=${appId}&licenseKey=SN-1`);
    expect((await uploading).body).toMatchObject({ code: 400, error: 'upload_cleared' });
    expect(await exported(server, appId)).toBe('SN-1\n');
    expect(filesOf(server)).toEqual([]);
  }, 60_000);

  test('an upload that stopped goes on where it stood; two at it at once bring each row in once', async () => {
    const server = await TestServer.start({ engine });
    const content = manyLicenseKeys(9_000);
    const first: Uploads = uploadsOn(server, { enter: { onProgress: () => void first.end() } });
    const id = await accepted(server, first, content);
    await throwsWithCode(first.enter(id), 'upload_pending');
    const standing = await findUpload(server.store.reader, id);
    expect([standing.state, standing.done > 0, standing.done < 9_000]).toEqual(['entering', true, true]);

    const [one, two] = await Promise.all([uploadsOn(server).enter(id), uploadsOn(server).enter(id)]);
    expect([one.state, two.state]).toEqual(['entered', 'entered']);
    expect(await findUpload(server.store.reader, id)).toMatchObject({
      done: 9_000,
      added: 9_000,
      duplicates: 0,
    });
    expect((await exported(server, server.world.appId)) === content).toBe(true);
  });

  test('files left by the dead are taken up or removed; those of the living and of other servers are left', async () => {
    const server = await TestServer.start({ engine });
    const uploads = uploadsOn(server);
    const folder = join(server.folder.stateDir, 'uploads');
    const interrupted = await accepted(server, uploads, 'SN-1\nSN-2\n');
    const elsewhere = await accepted(server, uploadsOn(server, { stateDir: temporaryFolder() }), 'SN-3\n');
    const put = (name: string, age = 0) => {
      writeFileSync(join(folder, name), 'SN-9\n');
      const at = Date.now() / 1000 - age;
      utimesSync(join(folder, name), at, at);
    };
    const [dead, living, earlier, arriving] = [newId(), newId(), newId(), newId()];
    put(`${dead}.999999999`);
    put(`${living}.${process.ppid}`);
    put(`${earlier}.${process.pid}`, 86_400);
    put(`${arriving}.${process.pid}`);
    await uploads.resume();
    expect(filesOf(server).toSorted()).toEqual(
      [`${arriving}.${process.pid}`, `${living}.${process.ppid}`].toSorted(),
    );
    expect((await findUpload(server.store.reader, interrupted)).state).toBe('entered');
    expect((await findUpload(server.store.reader, elsewhere)).state).toBe('entering');
    expect(await exported(server, server.world.appId)).toBe('SN-1\nSN-2\n');
    await throwsWithCode(uploads.enter(elsewhere), 'upload_pending');
  });
});

test('a disk that fills while the rows go in: told as it is, and the rest follows once there is room', async () => {
  const server = await TestServer.start();
  const { appId } = server.world;
  const content = manyLicenseKeys(60_000);
  const limitPages = (pages: number) =>
    server.store.write(server.clock.now(), ({ db }) =>
      sql.raw(`pragma max_page_count = ${pages}`).execute(db),
    );
  await limitPages(500);
  const full = await upload(server, appId, content);
  expect([full.status, full.body.error]).toEqual([503, 'upload_interrupted']);
  expect(full.body.message).toMatch(/文件已接收.*磁盘已满.*自动继续/);
  const { body } = await server.call('GET', `/dabiz/license/v2/pads?appid=${appId}`);
  const { count } = body.data as unknown as { count: number };
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan(60_000);
  await limitPages(1_000_000);
  await uploadsOn(server).resume();
  expect((await exported(server, appId)) === content).toBe(true);
});

describe('what is no upload', () => {
  const raw = (server: TestServer, head: string, body: string | Buffer = '') =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
        const path = `/dabiz/license/v1/pad/upload?appid=${server.world.appId}`;
        socket.write(
          `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${server.authorization}\r\n${head}\r\n\r\n`,
        );
        socket.write(body);
      });
      socket.on('error', reject);
      text(socket).then(resolve, reject);
    });
  const FORM = 'content-type: multipart/form-data; boundary=b\r\nconnection: close';
  const part = (name: string, content: string, file = '; filename="k.txt"') =>
    `--b\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n${content}\r\n`;
  const answerOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('{')));

  test.each<[string, (server: TestServer) => Promise<{ error: string; message: string }>, string, RegExp]>([
    [
      'an empty file',
      async (s) => (await upload(s, s.world.appId, '')).body,
      'parameter_invalid',
      /不含任何 LicenseKey/,
    ],
    [
      'a file of blank lines',
      async (s) => (await upload(s, s.world.appId, '\n \r\n')).body,
      'parameter_invalid',
      /file/,
    ],
    [
      'another field name',
      async (s) => (await upload(s, s.world.appId, 'SN-1', { field: 'keys' })).body,
      'parameter_invalid',
      /“keys”/,
    ],
    [
      'two files',
      async (s) => {
        const more = (form: FormData) => form.append('file', new Blob(['SN-2\n'.repeat(200_000)]), 'b.txt');
        return (await upload(s, s.world.appId, 'SN-1', { more })).body;
      },
      'parameter_invalid',
      /每次只能上传一个文件/,
    ],
    [
      'no file',
      async (s) => answerOf(await raw(s, `${FORM}\r\ncontent-length: 5`, '--b--')),
      'parameter_missing',
      /file/,
    ],
    [
      'no body at all',
      async (s) => answerOf(await raw(s, 'connection: close\r\ncontent-length: 0')),
      'parameter_missing',
      /file/,
    ],
    [
      'JSON',
      async (s) => (await s.post(`/dabiz/license/v1/pad/upload?appid=${s.world.appId}`, ['SN-1'])).body,
      'unsupported_media_type',
      /application\/json/,
    ],
    [
      'a large body of another type',
      async (s) => {
        const headers = { authorization: s.authorization, 'content-type': 'text/plain' };
        const path = `/dabiz/license/v1/pad/upload?appid=${s.world.appId}`;
        return (
          await fetch(s.url + path, { method: 'POST', headers, body: 'SN-1\n'.repeat(300_000) })
        ).json();
      },
      'unsupported_media_type',
      /text\/plain/,
    ],
    [
      'a form without boundary',
      async (s) =>
        answerOf(
          await raw(s, 'content-type: multipart/form-data\r\nconnection: close\r\ncontent-length: 3', 'abc'),
        ),
      'parameter_invalid',
      /表单不完整/,
    ],
    [
      'a form that ends in the middle of its file',
      async (s) => {
        const body = part('file', 'SN-1\nSN-2');
        return answerOf(await raw(s, `${FORM}\r\ncontent-length: ${body.length}`, body));
      },
      'parameter_invalid',
      /表单不完整或传输中断/,
    ],
    [
      'a form of a hundred fields',
      async (s) => {
        const body = `${part('x', 'y', '').repeat(100)}--b--`;
        return answerOf(await raw(s, `${FORM}\r\ncontent-length: ${body.length}`, body));
      },
      'parameter_invalid',
      /表单的部分过多/,
    ],
  ])('%s is said to be so', async (_, send, error, message) => {
    const server = await TestServer.start();
    const before = await everything(server.store.reader);
    const body = await send(server);
    expect(body.error).toBe(error);
    expect(body.message).toMatch(message);
    expect(await everything(server.store.reader)).toEqual(before);
    expect(filesOf(server)).toEqual([]);
  });

  test('a file without a file name, after other fields, is a file all the same', async () => {
    const server = await TestServer.start();
    const body = `${part('token', 'x', '')}${part('file', 'SN-1\nSN-2\n', '')}--b--`;
    const answer = answerOf(await raw(server, `${FORM}\r\ncontent-length: ${body.length}`, body));
    expect(answer).toMatchObject({ code: 200, data: { added: 2 } });
  });

  test('a transfer that is cut off leaves nothing, whenever it is', async () => {
    const server = await TestServer.start();
    const before = await everything(server.store.reader);
    for (const sent of [0, 10, 200_000]) {
      const request = httpRequest(`${server.url}/dabiz/license/v1/pad/upload?appid=${server.world.appId}`, {
        method: 'POST',
        headers: {
          authorization: server.authorization,
          'content-type': 'multipart/form-data; boundary=b',
          'content-length': 1_000_000,
        },
      });
      request.on('error', () => {});
      await new Promise<void>((done) =>
        request.write(part('file', `SN-1\n${'SN-2\n'.repeat(sent / 5)}`), () => done()),
      );
      if (sent > 10) while (filesOf(server).length === 0) await new Promise((turn) => setImmediate(turn));
      request.destroy();
    }
    while (filesOf(server).length > 0) await new Promise((turn) => setImmediate(turn));
    expect(await everything(server.store.reader)).toEqual(before);
    expect((await upload(server, server.world.appId, 'SN-1\n')).status).toBe(200);
  });

  test('over the size limit: 413, told by its length or found while it comes', async () => {
    const server = await TestServer.start();
    const most = 64 * 1024 * 1024;
    const told = answerOf(await raw(server, `${FORM}\r\ncontent-length: ${most + 100_000}`));
    expect(told).toMatchObject({ code: 413, error: 'payload_too_large' });
    const line = Buffer.from(`${'x'.repeat(99)}\n`.repeat(10_000));
    const found = await fetch(`${server.url}/dabiz/license/v1/pad/upload?appid=${server.world.appId}`, {
      method: 'POST',
      headers: { authorization: server.authorization, 'content-type': 'multipart/form-data; boundary=b' },
      duplex: 'half',
      body: new ReadableStream({
        start: (controller) => controller.enqueue(Buffer.from(part('file', '').slice(0, -2))),
        pull(controller) {
          controller.enqueue(line);
          // Within the slack that a form may have, by no length that is told before.
          if ((this as { sent?: number }).sent === undefined) Object.assign(this, { sent: 0 });
          const state = this as unknown as { sent: number };
          state.sent += line.length;
          if (state.sent > most + 2_000_000) controller.close();
        },
      }),
    } as RequestInit);
    expect([found.status, ((await found.json()) as { error: string }).error]).toEqual([
      413,
      'payload_too_large',
    ]);
    expect(filesOf(server)).toEqual([]);
  }, 60_000);

  test('of one company four files arrive at a time; a fifth is to come again later', async () => {
    const server = await TestServer.start();
    const uploads = uploadsOn(server);
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const slow = gates.map(async function* ({ promise }) {
      await promise;
      yield Buffer.from('SN-1\n');
    });
    const arriving = slow.map((source) => uploads.receive('1', source));
    const one = (async function* () {
      yield Buffer.from('SN-1\n');
    })();
    await throwsWithCode(uploads.receive('1', one), 'rate_limited');
    expect((await uploads.receive('2', one)).received.licenseKeys).toBe(1);
    for (const { resolve } of gates) resolve();
    await Promise.all(arriving);
  });
});
