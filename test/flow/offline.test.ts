import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { newId } from '#core/ids.ts';
import { asNobody } from '../support/as-nobody.ts';
import { TestServer, type TestServerOptions } from '../support/server.ts';
import { AgentFolder } from './agent-folder.ts';

const NO_NETWORK = ['unshare', '-n'];

interface Field {
  readonly server: TestServer;
  readonly device: AgentFolder;
  readonly enrollment: Enrollment;
}

/** A server, and a device that activated through its daemon, which then was stopped. */
async function activated(options: TestServerOptions = {}): Promise<Field> {
  const server = await TestServer.start(options);
  // Daemon and server live in real time here.
  server.clock.run();
  const device = new AgentFolder(server.folder.rootsFile);
  const enrollment = await server.enrollment({ expiresAt: server.clock.now() + 86_400 });
  expect((await device.enroll(enrollment)).code).toBe(0);
  const daemon = await device.daemon();
  await device.checkUntil(0);
  await daemon.end('SIGTERM');
  return { server, device, enrollment };
}

/** The stored answer of the device's one license, as someone with the disk in hand reads it. */
function storedAnswer({ storeFile }: AgentFolder): string {
  const database = new Database(storeFile);
  const row = database.prepare('select answer from license').get() as { answer: string };
  database.close();
  return row.answer;
}

function storeAnswer({ storeFile }: AgentFolder, answer: string): void {
  const database = new Database(storeFile);
  database.prepare('update license set answer = ?').run(answer);
  database.close();
}

const flipBit = (text: string, index: number): string =>
  text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ 1) + text.slice(index + 1);

describe('with the network gone', () => {
  test('the device stays licensed: daemon up or down, server stopped', async () => {
    const { server, device } = await activated();
    await server.stop();
    expect(await device.checkExit('video', NO_NETWORK)).toBe(0);
    await device.daemon(NO_NETWORK);
    expect(await device.checkExit('video', NO_NETWORK)).toBe(0);
    expect(await device.checkExit('audio', NO_NETWORK)).toBe(0);
    expect((await device.command(['refresh'])).code).toBe(4);
    expect(await device.checkExit('video', NO_NETWORK)).toBe(0);
  });

  test('after token life and grace are over, it is not', async () => {
    const { server, device } = await activated({
      lines: ({ purchase }) => [{ ...purchase, tokenLifeSeconds: 2, graceSeconds: 2 }],
    });
    await server.stop();
    await device.daemon();
    await device.checkUntil(3);
    expect(JSON.parse((await device.command(['status', '--json'])).stdout)).toMatchObject({
      state: 'expired',
      reason: 2,
    });
  });
});

test('with the daemon switched off for good, a license ends all the same, over reboots too', async () => {
  const { server, device } = await activated({
    lines: ({ purchase }) => [{ ...purchase, tokenLifeSeconds: 2, graceSeconds: 2 }],
  });
  await server.stop();
  const database = new Database(device.storeFile);
  const mark = JSON.parse(String(database.prepare('select clock_mark from device').pluck().get()));
  database
    .prepare('update device set clock_mark = ?')
    .run(JSON.stringify({ ...mark, bootId: 'an earlier boot' }));
  database.close();
  await device.checkUntil(3);
});

test('a user who may not use the socket is told so, and not that nothing runs', async () => {
  const { device } = await activated();
  await device.daemon();
  const { code, stderr } = await device.command(['check'], asNobody([]).flat());
  expect([code, stderr]).toEqual([7, expect.stringContaining('[socket_forbidden]')]);
});

test('enrolling at another server that does not answer leaves the device licensed where it is', async () => {
  const { device, server } = await activated();
  const elsewhere = {
    ...(await server.enrollment({ expiresAt: server.clock.now() + 86_400 })),
    serverId: newId(),
  };
  const next = { ...elsewhere, serverUrls: ['http://127.0.0.1:9'] };
  expect(await device.enroll(next)).toMatchObject({
    code: 7,
    stderr: expect.stringContaining('[daemon_down]'),
  });
  expect(await device.checkExit('video')).toBe(0);

  const daemon = await device.daemon();
  expect(await device.enroll(next)).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('[server_unreachable]'),
  });
  expect(await device.checkExit('video')).toBe(0);
  await daemon.end('SIGTERM');
  expect(await device.checkExit('video')).toBe(0);
});

test('a device moves to another App once it holds a license there', async () => {
  const { device, server } = await activated();
  const { otherAppId } = server.world;
  const other = await server.enrollment({ appId: otherAppId, expiresAt: server.clock.now() + 86_400 });
  await device.daemon();
  expect((await device.enroll(other)).code).toBe(0);
  const status = JSON.parse((await device.command(['status', '--json'])).stdout);
  expect(status).toMatchObject({ state: 'active', appId: otherAppId });
});

describe('a store that was tampered with', () => {
  test('one flipped bit anywhere in what is stored is noticed with no server, and heals with it', async () => {
    const { device } = await activated();
    const genuine = storedAnswer(device);
    // Spread over the whole answer: token, certificate, terms; test/core flips every single bit.
    for (const share of [0.02, 0.2, 0.35, 0.5, 0.65, 0.8, 0.97]) {
      storeAnswer(device, flipBit(genuine, Math.floor(genuine.length * share)));
      expect([share, await device.checkExit('video', NO_NETWORK)]).toEqual([share, 5]);
    }
    storeAnswer(device, genuine);
    expect(await device.checkExit('video', NO_NETWORK)).toBe(0);

    storeAnswer(device, flipBit(genuine, Math.floor(genuine.length / 2)));
    await device.daemon();
    await device.checkUntil(0);
  });

  test('another spelling of a signature is not the same document', async () => {
    const { device } = await activated();
    const stored = JSON.parse(storedAnswer(device));
    const last = stored.document.slice(-1);
    // 64 bytes leave four unused bits in the last character: the next one spells the same bytes.
    const other = String.fromCharCode(last.charCodeAt(0) + 1);
    expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(last, 'base64url'));
    storeAnswer(device, JSON.stringify({ ...stored, document: stored.document.slice(0, -1) + other }));
    expect(await device.checkExit('video', NO_NETWORK)).toBe(5);
  });

  test("another device's row is refused: its key is not ours", async () => {
    const { device, server, enrollment } = await activated();
    const twin = new AgentFolder(server.folder.rootsFile);
    await twin.enroll(enrollment);
    await (await twin.daemon()).end('SIGTERM');
    const database = new Database(twin.storeFile);
    const { appId, purchase, licenseKey } = server.world;
    database
      .prepare('insert or replace into license (app_id, pid, license_key, answer) values (?, ?, ?, ?)')
      .run(appId, purchase.pid, licenseKey, storedAnswer(device));
    database.close();
    const status = await twin.command(['status', '--json'], NO_NETWORK);
    expect(status.code).toBe(5);
    expect(JSON.parse(status.stdout)).toMatchObject({ state: 'invalid', fault: 'answer_for_another_device' });
  });

  test('a damaged page is 6 with no server, and heals with it', async () => {
    const { device, server } = await activated();
    const file = openSync(device.storeFile, 'r+');
    const page = Buffer.alloc(4096);
    readSync(file, page, 0, 4096, 4096);
    for (let index = 0; index < 64; index += 1) page[index] = 0xff;
    writeSync(file, page, 0, 4096, 4096);
    closeSync(file);
    expect(await device.checkExit('video', NO_NETWORK)).toBe(6);

    await device.daemon();
    await device.checkUntil(0);
    const licenses = await server.store.reader.selectFrom('license').select('license').execute();
    expect(licenses).toHaveLength(1);
  });
});
