import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ENGINES, endClusterAfterAll } from '../../support/engines.ts';
import { everything } from '../../support/everything.ts';
import { TestServer } from '../../support/server.ts';
import { exported, upload } from '../../support/upload.ts';

endClusterAfterAll();

/** 设备一 and 设备二 as GBK. */
const GBK = Buffer.from([
  0xc9, 0xe8, 0xb1, 0xb8, 0xd2, 0xbb, 0x0d, 0x0a, 0xc9, 0xe8, 0xb1, 0xb8, 0xb6, 0xfe, 0x0d, 0x0a,
]);
const UTF16 = Buffer.from('SN-1\r\nSN-2\r\n', 'utf16le');
const ZIP = Buffer.concat([Buffer.from('PK\x03\x04\x14\0\x06\0'), Buffer.from('\nabc\nSN-1\nSN-2\n')]);

const FILES: [string, Buffer, RegExp, RegExp][] = [
  ['GBK', GBK, /GBK.*另存为 UTF-8/, /GBK.*UTF-8/],
  ['UTF-16', UTF16, /UTF-16.*另存为 UTF-8/, /UTF-16.*UTF-8/],
  ['UTF-16, big-endian', Buffer.from(UTF16).swap16(), /UTF-16/, /UTF-16/],
  ['UTF-16 with its mark', Buffer.concat([Buffer.from([0xff, 0xfe]), UTF16]), /UTF-16/, /UTF-16/],
  ['Excel', ZIP, /Excel.*每行一个 LicenseKey/, /Excel.*one LicenseKey per line/],
];

describe.each(ENGINES)('a file of another program, store in %s', (engine) => {
  test.each(FILES)('%s is refused with one piece of advice, partial or not', async (_, file, zh, en) => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    const before = await everything(server.store.reader);
    for (const query of [{}, { partial: 'true' }] as Record<string, string>[]) {
      const { status, body } = await upload(server, appId, file, { query });
      expect([status, body.error]).toEqual([400, 'upload_invalid']);
      expect(body.message).toMatch(zh);
      expect(body.message).not.toMatch(/第 \d+ 行/);
      const english = await upload(server, appId, file, { query, headers: { 'accept-language': 'en' } });
      expect(english.body.message).toMatch(en);
      expect(english.body.message).not.toMatch(/[\u4e00-\u9fff]/);
    }
    expect(await everything(server.store.reader)).toEqual(before);
  });

  test('one line of many that is not UTF-8 is told by its number; a file of no LicenseKey is refused', async () => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    const mixed = Buffer.concat([Buffer.from('SN-1\nSN-2\nSN-3\n'), GBK.subarray(0, 8)]);
    expect((await upload(server, appId, mixed)).body.message).toMatch(/第 4 行不是 UTF-8/);
    const partial = { query: { partial: 'true' } };
    const none = await upload(server, appId, 'a\u0007\nb\u0007\n', partial);
    expect([none.status, none.body.error]).toEqual([400, 'upload_invalid']);
    expect(none.body.message).toMatch(/第 1 行含有不可打印字符/);
    expect((await upload(server, appId, mixed, partial)).body.data).toMatchObject({ added: 3, invalid: 1 });
  });

  test('lines that look like a table are LicenseKeys as they stand, with a warning', async () => {
    const server = await TestServer.start({ engine });
    const { appId } = server.world;
    type Warned = { warnings?: string[] };
    const warningsOf = async (content: string, headers = {}) =>
      ((await upload(server, appId, content, { headers })).body.data as Warned).warnings;
    expect(await warningsOf('LicenseKey\nSN-1\nSN-2\n')).toEqual([expect.stringMatching(/第一行/)]);
    expect(await warningsOf('"SN-3"\n"SN-4"\nSN-5\n')).toEqual([expect.stringMatching(/CSV/)]);
    expect(await warningsOf('SN-6,a\nSN-7,b\n', { 'accept-language': 'en' })).toEqual([
      expect.stringMatching(/^[^\u4e00-\u9fff]*CSV[^\u4e00-\u9fff]*$/),
    ]);
    expect(await warningsOf('SN-8,a\nSN-9\nSN-10\n')).toBeUndefined();
    expect(await exported(server, appId)).toContain('LicenseKey\nSN-1\nSN-2\n"SN-3"\n"SN-4"\n');
  });
});

test('a compressed form is told to be sent as it is', async () => {
  const server = await TestServer.start();
  const response = await fetch(`${server.url}/dabiz/license/v1/pad/upload?appid=${server.world.appId}`, {
    method: 'POST',
    headers: {
      authorization: server.authorization,
      'content-type': 'multipart/form-data; boundary=b',
      'content-encoding': 'gzip',
    },
    body: new Uint8Array(gzipSync('--b--')),
  });
  const body = (await response.json()) as { error: string };
  expect([response.status, body.error]).toEqual([415, 'content_encoding_unsupported']);
});
