import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { createServerFolder, type ServerFolder } from '../support/server-folder.ts';
import { run } from './program.ts';
import { clientOf, serve } from './server-process.ts';

const env = ({ stateDir }: ServerFolder) => ({
  LICENSE_SERVER_STATE_DIR: stateDir,
  LICENSE_SERVER_HOST: '127.0.0.1',
});

describe('what keeps the server from starting is said clearly, and nothing is changed', () => {
  test('a port in use', async () => {
    const folder = await createServerFolder();
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await run('server', {
      args: ['serve'],
      env: { ...env(folder), LICENSE_SERVER_PORT: String(port) },
    });
    expect([code, stderr]).toEqual([
      2,
      `license-server: port ${port} on 127.0.0.1 is in use by another program [port_in_use]\n  Choose another port, or stop that program.\n`,
    ]);
    const chinese = await run('server', {
      args: ['serve'],
      env: { ...env(folder), LICENSE_SERVER_PORT: String(port), LANG: 'zh_CN.UTF-8', LC_ALL: '' },
    });
    expect(chinese.stderr).toContain(`127.0.0.1 的端口 ${port} 已被占用`);
  });

  test.each([
    ['broken TOML', 'port = = 1', 'config_malformed', /line 1, column/],
    ['an unknown key', 'prot = 8443', 'config_unknown_key', /"prot".*known keys: .*port/],
    ['a wrong type', 'port = "high"', 'config_invalid', /port/],
  ])('a configuration with %s', async (_, text, code, message) => {
    const file = join(temporaryFolder(), 'server.toml');
    writeFileSync(file, text);
    const ended = await run('server', { args: ['serve', '--config', file, '--json'] });
    expect(ended.code).toBe(2);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      error: code,
      message: expect.stringMatching(message),
      remedy: expect.any(String),
    });
  });

  test('a key file that others may read', async () => {
    const folder = await createServerFolder();
    const file = join(folder.stateDir, 'server-key.pem');
    chmodSync(file, 0o644);
    const { code, stderr } = await run('server', { args: ['serve'], env: env(folder) });
    expect([code, stderr]).toEqual([2, expect.stringContaining('[key_file_permissions]')]);
    expect(stderr).toContain(`chmod 600 ${file}`);
  });

  test('a store from a newer version', async () => {
    const folder = await createServerFolder();
    const database = new Database(folder.store);
    database.prepare('insert into kysely_migration (name, timestamp) values (?, ?)').run('9999-future', 'x');
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
    const before = readFileSync(folder.store);
    const { code, stderr } = await run('server', { args: ['serve'], env: env(folder) });
    expect([code, stderr]).toEqual([2, expect.stringContaining('[store_newer]')]);
    expect(readFileSync(folder.store).equals(before)).toBe(true);
  });

  test('an init that was interrupted is simply run again', async () => {
    const { rootsFile } = await createServerFolder();
    const stateDir = join(temporaryFolder(), 'server');
    mkdirSync(stateDir);
    writeFileSync(join(stateDir, 'server-key.pem'), 'half a k');
    const env = { LICENSE_SERVER_STATE_DIR: stateDir };
    expect(await run('server', { args: ['init', '--vendor-roots', rootsFile], env })).toMatchObject({
      code: 0,
    });
    expect(await run('server', { args: ['quota'], env })).toMatchObject({ code: 0 });
    // The folder was there, readable by all: what is in it now is for its owner alone.
    const modes = [stateDir, join(stateDir, 'license-server.db')].map((file) => statSync(file).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600]);
  });

  test('a store that is gone is not replaced by an empty one', async () => {
    const folder = await createServerFolder();
    rmSync(folder.store);
    for (const command of ['serve', 'quota']) {
      const { code, stderr } = await run('server', { args: [command], env: env(folder) });
      expect([code, stderr]).toEqual([6, expect.stringContaining('[store_missing]')]);
    }
    expect(existsSync(folder.store)).toBe(false);
  });

  test('a folder that was never initialised, and init over one that was', async () => {
    const folder = await createServerFolder();
    const missing = await run('server', {
      args: ['serve'],
      env: { LICENSE_SERVER_STATE_DIR: join(temporaryFolder(), 'none') },
    });
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('[not_initialized]')]);
    const key = readFileSync(join(folder.stateDir, 'server-key.pem'));
    const again = await run('server', {
      args: ['init', '--vendor-roots', folder.rootsFile],
      env: env(folder),
    });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('[already_initialized]')]);
    expect(readFileSync(join(folder.stateDir, 'server-key.pem')).equals(key)).toBe(true);
  });
});

test('a full disk: activations are refused with store_full, none is half done, and all goes on when there is room', async () => {
  const folder = await createServerFolder();
  const disk = join(temporaryFolder(), 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', disk]);
  onTestFinished(() => void execFileSync('umount', [disk]));
  const stateDir = join(disk, 'server');
  cpSync(folder.stateDir, stateDir, { recursive: true });
  const server = await serve({ ...folder, stateDir });
  const client = clientOf(server, folder);
  expect((await client.activate('SN-0')).status).toBe(200);

  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), Buffer.alloc((bavail - 2) * bsize));
  const acknowledged = ['SN-0'];
  let refused: Awaited<ReturnType<typeof client.activate>> | undefined;
  for (let index = 1; index < 100 && refused === undefined; index += 1) {
    const answer = await client.activate(`SN-${index}`);
    if (answer.status === 200) acknowledged.push(`SN-${index}`);
    else refused = answer;
  }
  expect(refused).toMatchObject({ status: 503, body: { code: 503, error: 'store_full' } });
  expect(refused?.headers.get('retry-after')).toBe('5');
  expect((await client.detail('SN-0')).status).toBe(200);

  rmSync(join(disk, 'filler'));
  expect((await client.activate('SN-after')).status).toBe(200);
  await server.end('SIGTERM');
  const database = new Database(join(stateDir, 'license-server.db'));
  const keys = database.prepare('select license_key from license order by activation_time').pluck().all();
  const used = database.prepare('select used from quota').pluck().get();
  database.close();
  expect(new Set(keys)).toEqual(new Set([...acknowledged, 'SN-after']));
  expect(used).toBe(acknowledged.length + 1);
});
