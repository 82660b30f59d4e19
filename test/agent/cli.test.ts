import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { asNobody } from '../support/as-nobody.ts';
import { World } from '../support/world.ts';
import {
  AgentFolder,
  type ProgramResult,
  runProgram,
  SigningServer,
  spawnDaemon,
  temporaryFolder,
} from './support.ts';

const realTime = () => Math.floor(Date.now() / 1000);

/** A device whose daemon activated and stopped; copied by tests that damage it. */
async function activated({ token = {}, world = new World() } = {}) {
  const server = await SigningServer.start(world, realTime);
  server.token = token;
  const folder = new AgentFolder(world);
  folder.enroll(server.url);
  const daemon = await spawnDaemon(folder);
  const command = (...args: string[]) => runProgram([...args, '--config', folder.configFile]);
  await vi.waitFor(async () => expect((await command('check')).exit).toBe(0), { timeout: 20_000 });
  return { world, server, folder, daemon, command };
}

const exitAndError = ({ exit, json }: ProgramResult) => [exit, json['error']];

describe('check and status', () => {
  test('answer with the server stopped and the daemon up, killed and stopped', async () => {
    const { server, daemon, command, folder } = await activated();
    server.misbehave = () => 'close';
    const up = await command('check', '--media', 'video', '--json');
    expect([up.exit, up.json['allowed']]).toEqual([0, true]);
    expect((await command('refresh', '--json')).exit).toBe(4);
    expect((await command('status')).exit).toBe(0);

    await daemon.kill('SIGKILL');
    const down = await command('check', '--media', 'video', '--json');
    expect(down.json).toEqual(up.json);
    expect(down.exit).toBe(0);
    const { json, exit } = await command('status', '--json');
    expect([exit, json['state'], json['nextRefreshAt']]).toEqual([0, 'active', null]);

    const again = await spawnDaemon(folder);
    expect(await again.kill('SIGTERM')).toBe(0);
    expect((await command('check')).exit).toBe(0);
  });

  test('say 3 after exp and grace, on the shipped program with terms of seconds', async () => {
    const world = new World();
    Object.assign(world.purchase, { tokenLifeSeconds: 2, graceSeconds: 1 });
    const server = await SigningServer.start(world, () => realTime() - 3600);
    const folder = new AgentFolder(world);
    folder.enroll(server.url);
    const daemon = await spawnDaemon(folder);
    const command = (...args: string[]) => runProgram([...args, '--config', folder.configFile]);
    await vi.waitFor(async () => expect((await command('check')).exit).toBe(0), { timeout: 20_000 });
    server.misbehave = () => 'close';
    await vi.waitFor(
      async () => {
        const { exit, json } = await command('check', '--json');
        expect([exit, json['state'], json['reason']]).toEqual([3, 'expired', 2]);
      },
      { timeout: 10_000, interval: 200 },
    );
    await daemon.kill('SIGKILL');
    expect((await command('status', '--json')).json).toMatchObject({ state: 'expired' });
  });

  test('say 3 for a medium that is not licensed, 2 for one that does not exist', async () => {
    const world = new World({ sku: { ...new World().purchase.sku, mediaType: 1 } });
    const { command } = await activated({ world });
    expect((await command('check', '--media', 'audio')).exit).toBe(0);
    const { exit, json } = await command('check', '--media', 'video', '--json');
    expect([exit, json['because'], json['state']]).toEqual([3, 'media_not_licensed', 'active']);
    expect(exitAndError(await command('check', '--media', 'smell', '--json'))).toEqual([2, 'usage']);
  });

  test('say 3 on a machine where nothing ever ran', async () => {
    const folder = new AgentFolder(new World());
    const { exit, json } = await runProgram(['status', '--json', '--config', folder.configFile]);
    expect([exit, json['state'], json['enrolled']]).toEqual([3, 'unlicensed', false]);
    expect((await runProgram(['check', '--config', folder.configFile])).exit).toBe(3);
    expect(existsSync(folder.state)).toBe(false);
  });

  test("speak the reader's language", async () => {
    const folder = new AgentFolder(new World());
    const args = ['--config', folder.configFile];
    const zh = { LANG: 'zh_CN.UTF-8' };
    const check = await runProgram(['check', ...args], zh);
    const status = await runProgram(['status', ...args], zh);
    const enroll = await runProgram(['enroll', '/nowhere', ...args], zh);
    expect(check.stdout).toBe('未授权：本设备没有许可证\n');
    expect(status.stdout).toMatch(/状态 +未授权/);
    expect(`${check.stderr}${enroll.stderr}`).not.toMatch(/Enroll|cannot|Check that/);
    expect((await runProgram(['status', ...args])).stdout).toMatch(/State +unlicensed/);
    const help = await runProgram(['check', '--help'], zh);
    expect(help.stdout).toMatch(/^用法：[\s\S]*查询一种媒体/);
    expect((await runProgram(['check', '--wat'], zh)).stderr).toMatch(
      /^license-agent: 未知选项 --wat \[usage\]/,
    );
  });
});

describe('what was changed on the disk, with the daemon down', () => {
  let original: AgentFolder;
  let world: World;

  beforeAll(async () => {
    const path = `/tmp/la-cli-${process.pid}`;
    world = new World();
    original = new AgentFolder(world, path);
    const server = await SigningServer.open(world, realTime);
    original.enroll(server.url);
    const daemon = spawn(process.execPath, ['agent/main.ts', 'run', '--config', original.configFile], {
      stdio: 'ignore',
    });
    await vi.waitFor(
      async () => expect((await runProgram(['check', '--config', original.configFile])).exit).toBe(0),
      { timeout: 20_000 },
    );
    daemon.kill('SIGTERM');
    await new Promise((resolve) => daemon.once('close', resolve));
    server.close();
    return () => rmSync(path, { recursive: true, force: true });
  }, 60_000);

  /** A copy of the device's state, changed. */
  function copy(change: (folder: AgentFolder) => void): AgentFolder {
    const folder = new AgentFolder(world, temporaryFolder());
    mkdirSync(folder.state, { mode: 0o700 });
    for (const name of ['agent.db', 'device-key.pem', 'license-key', 'enrollment.json']) {
      copyFileSync(join(original.state, name), join(folder.state, name));
    }
    change(folder);
    return folder;
  }

  const check = async (folder: AgentFolder) => {
    const { exit, json } = await runProgram(['check', '--json', '--config', folder.configFile]);
    return [exit, json['state'] ?? json['error'], json['fault']];
  };

  function editAnswer(change: (text: string) => string) {
    return ({ store }: AgentFolder) => {
      const database = new Database(store);
      const text = String(database.prepare('SELECT answer FROM license').pluck().get());
      database.prepare('UPDATE license SET answer = ?').run(change(text));
      database.close();
    };
  }

  const flip = (where: (text: string) => number) => (text: string) => {
    const at = where(text);
    return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
  };

  test('nothing: 0', async () => {
    expect(await check(copy(() => {}))).toEqual([0, 'active', undefined]);
  });

  test.each<[string, (text: string) => string]>([
    ['one bit of the token', flip((text) => text.indexOf('"document":"') + 300)],
    ["one bit of the token's signature", flip((text) => text.indexOf('","issuerCertificate') - 30)],
    [
      'one bit of the last character of the signature',
      flip((text) => text.indexOf('","issuerCertificate') - 1),
    ],
    ['one bit of the certificate', flip((text) => text.indexOf('"issuerCertificate":"') + 200)],
    ['one bit of the terms', flip((text) => text.indexOf('"terms":["') + 200)],
    ['one bit of the JSON around them', flip((text) => text.indexOf('"terms"') + 2)],
    ['padding after the token', (text) => text.replace('","issuerCertificate', '=","issuerCertificate')],
    ['terms left out', (text) => text.replace(/"terms":.*/, '"terms":[]}')],
    ['everything', () => 'x'],
  ])('%s: 5', async (_, change) => {
    const [exit, state, fault] = await check(copy(editAnswer(change)));
    expect([exit, state]).toEqual([5, 'invalid']);
    expect(fault).toMatch(/^(document|signature|issuer|terms|answer)_/);
  });

  test("another device's key: 5", async () => {
    const folder = copy(({ state }) => rmSync(join(state, 'device-key.pem')));
    const { createKeyFile } = await import('#core/host/key-file.ts');
    createKeyFile(join(folder.state, 'device-key.pem'));
    expect(await check(folder)).toEqual([5, 'invalid', 'answer_for_another_device']);
  });

  test("another device's LicenseKey and key: 5", async () => {
    const folder = copy(({ state }) => {
      rmSync(join(state, 'device-key.pem'));
      writeFileSync(join(state, 'license-key'), 'SN-9999\nliteral\n');
    });
    const { createKeyFile } = await import('#core/host/key-file.ts');
    createKeyFile(join(folder.state, 'device-key.pem'));
    expect(await check(folder)).toEqual([5, 'invalid', 'answer_for_another_device']);
  });

  test('another board: 3', async () => {
    const folder = copy(() => {});
    folder.write('identity.json', {
      components: { boardSerial: ['X'], productUuid: ['Y'], macs: ['00:00:5e:00:53:01'] },
    });
    expect(await check(folder)).toEqual([3, 'different_device', undefined]);
  });

  test('damaged pages: 6', async () => {
    const folder = copy(({ store }) => {
      const { size } = statSync(store);
      const descriptor = openSync(store, 'r+');
      for (let at = 4096; at < size; at += 4096) writeSync(descriptor, Buffer.alloc(4096, 0xa5), 0, 4096, at);
      closeSync(descriptor);
    });
    expect(await check(folder)).toEqual([6, 'store_damaged', undefined]);
  });

  test('a store of a newer version: 2, and it is not touched', async () => {
    const folder = copy(({ store }) => {
      const database = new Database(store);
      database.pragma('user_version = 99');
      database.pragma(`application_id = ${0x4c41_0000 + 99}`);
      database.close();
    });
    const before = readFileSync(folder.store);
    expect(await check(folder)).toEqual([2, 'store_newer', undefined]);
    expect(exitAndError(await runProgram(['run', '--json', '--config', folder.configFile]))).toEqual([
      2,
      'store_newer',
    ]);
    expect(readFileSync(folder.store).equals(before)).toBe(true);
  });

  test('a key file that others may read: 2', async () => {
    const folder = copy(({ state }) => chmodSync(join(state, 'device-key.pem'), 0o644));
    expect(await check(folder)).toEqual([2, 'key_file_permissions', undefined]);
  });

  test('a user who may not look: 7', async () => {
    const folder = copy(() => {});
    chmodSync(folder.path, 0o755);
    chmodSync(folder.configFile, 0o644);
    const { exit, json } = await runAsNobody(['check', '--json', '--config', folder.configFile]);
    expect([exit, json['error']]).toEqual([7, 'store_unreadable']);
  });
});

function runAsNobody(
  args: readonly string[],
): Promise<{ exit: number | null; json: Record<string, unknown> }> {
  const child = spawn(...asNobody([process.execPath, 'agent/main.ts', ...args]));
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  return new Promise((resolve) =>
    child.on('close', (exit) => resolve({ exit, json: JSON.parse(stdout) as Record<string, unknown> })),
  );
}

describe('enroll', () => {
  test('with the daemon down keeps the file for it; with the daemon up it activates at once', async () => {
    const world = new World();
    const server = await SigningServer.start(world, realTime);
    const folder = new AgentFolder(world);
    folder.enroll(server.url);
    rmSync(folder.state, { recursive: true });
    const command = (...args: string[]) => runProgram([...args, '--json', '--config', folder.configFile]);

    const down = await command('enroll', folder.enrollmentFile);
    expect([down.exit, down.json['daemon']]).toEqual([0, false]);
    expect(statSync(join(folder.state, 'enrollment.json')).mode & 0o777).toBe(0o600);
    expect((await command('status')).json).toMatchObject({
      state: 'unlicensed',
      enrolled: true,
      serverUrl: server.url,
    });
    expect((await command('check')).exit).toBe(3);

    rmSync(folder.state, { recursive: true });
    await spawnDaemon(folder);
    expect((await command('status')).json).toMatchObject({ state: 'unlicensed', enrolled: false });
    const up = await command('enroll', folder.enrollmentFile);
    expect([up.exit, up.json['daemon']]).toEqual([0, true]);
    await vi.waitFor(async () => expect((await command('check')).exit).toBe(0), { timeout: 20_000 });
  });

  test.each<[string, (folder: AgentFolder) => string, number, string]>([
    ['a file that is not there', () => '/nowhere.json', 2, 'file_unreadable'],
    ['a file that is not one', (folder) => folder.configFile, 2, 'enrollment_malformed'],
    [
      'a file under another vendor root',
      (folder) => folder.write('other.json', new World().enrollment()),
      5,
      'enrollment_other_root',
    ],
  ])('%s is refused, and nothing is made', async (_, file, exit, error) => {
    const folder = new AgentFolder(new World());
    const result = await runProgram(['enroll', file(folder), '--json', '--config', folder.configFile]);
    expect(exitAndError(result)).toEqual([exit, error]);
    expect(existsSync(folder.state)).toBe(false);
  });

  test('a device without pinned roots takes no enrollment', async () => {
    const folder = new AgentFolder(new World());
    rmSync(join(folder.path, 'roots.json'));
    const args = ['enroll', folder.enrollmentFile, '--json', '--config', folder.configFile];
    expect(exitAndError(await runProgram(args))).toEqual([2, 'file_unreadable']);
  });
});

describe('commands that change something', () => {
  test.each(['activate', 'refresh'])('%s needs the daemon: 7', async (name) => {
    const folder = new AgentFolder(new World());
    const args = [name, '--json', '--config', folder.configFile];
    expect(exitAndError(await runProgram(args))).toEqual([7, 'daemon_down']);
  });

  test('activate shows the license, or why there is none', async () => {
    const { command, server, folder } = await activated();
    expect((await command('activate')).stdout).toContain(server.seats.get(folder.world.licenseKey)?.license);
    server.misbehave = (request) => server.deny(request, 'not_preauthorized');
    expect(exitAndError(await command('activate', '--json'))).toEqual([3, 'not_preauthorized']);
    expect((await command('check')).exit).toBe(0);
  });

  test('a second daemon on the same folders is refused: 2', async () => {
    const { command } = await activated();
    expect(exitAndError(await command('run', '--json'))).toEqual([2, 'daemon_running']);
  });
});

describe('a full disk', () => {
  test('costs a refresh, and no verdict', async () => {
    const world = new World();
    const server = await SigningServer.start(world, realTime);
    const folder = new AgentFolder(world);
    folder.enroll(server.url);
    const enrollment = join(folder.path, 'enrollment.json');
    copyFileSync(join(folder.state, 'enrollment.json'), enrollment);
    // A file system of its own for the state, which is filled up when a line comes in.
    const script = `
      mount -t tmpfs -o size=600k,mode=0700 tmpfs ${folder.state} && install -m 600 ${enrollment} ${folder.state}/ || exit 9
      ${process.execPath} agent/main.ts run --config ${folder.configFile} & daemon=$!
      read line; dd if=/dev/zero of=${folder.state}/fill bs=1k 2>/dev/null; echo full
      read line; kill $daemon; wait $daemon`;
    const child = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', script]);
    onTestFinished(() => void child.stdin.end());
    const command = (...args: string[]) => runProgram([...args, '--json', '--config', folder.configFile]);
    await vi.waitFor(async () => expect((await command('check')).exit).toBe(0), { timeout: 20_000 });

    const full = new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdin.write('fill\n');
    await full;
    expect(exitAndError(await command('refresh'))).toEqual([1, 'store_full']);
    const { exit, json } = await command('status');
    expect([exit, json['state']]).toEqual([0, 'active']);
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin.write('end\n');
    expect(await ended).toBe(0);
  });
});

describe('bad input', () => {
  test.each([
    [[], 2, 'usage'],
    [['dance'], 2, 'usage'],
    [['enroll'], 2, 'usage'],
    [['check', '--wat'], 2, 'usage'],
    [['status', 'extra'], 2, 'usage'],
    [['run', '--wat'], 2, 'usage'],
    [['check', '--config', '/nowhere.toml'], 2, 'config_unreadable'],
  ])('%j → %d %s', async (args, exit, error) => {
    expect(exitAndError(await runProgram([...args, '--json']))).toEqual([exit, error]);
  });

  test.each([
    ['stateDir = "x', 'config_malformed'],
    ['unknownKey = 1', 'config_unknown_key'],
  ])('a configuration with %s stops every command', async (line, error) => {
    const folder = new AgentFolder(new World());
    writeFileSync(folder.configFile, folder.toml(line));
    for (const command of ['check', 'status', 'run', 'activate', 'identity']) {
      const result = await runProgram([command, '--json', '--config', folder.configFile]);
      expect([command, ...exitAndError(result)]).toEqual([command, 2, error]);
    }
  });

  test('for people the error names its code and what to do', async () => {
    const { exit, stderr, stdout } = await runProgram(['check', '--config', '/nowhere.toml']);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^license-agent: configuration \/nowhere\.toml cannot be read.*\[config_unreadable\]\n {2}Correct/,
    );
  });
});

test('identity explains, and collects for the daemon', async () => {
  const folder = new AgentFolder(new World());
  const identityFile = join(folder.path, 'collected.json');
  const env = { LICENSE_AGENT_IDENTITY_FILE: identityFile };
  const collected = await runProgram(['identity', '--collect', '--json', '--config', folder.configFile], env);
  expect(collected.json).toMatchObject({
    licenseKey: folder.world.licenseKey,
    licenseKeySource: 'literal',
    kept: false,
  });
  expect(JSON.parse(readFileSync(identityFile, 'utf8'))).toHaveProperty('components');
  const { stdout } = await runProgram(['identity', '--config', folder.configFile]);
  expect(stdout).toMatch(/boardSerial +BSN-1/);
});

test('help and version are no errors', async () => {
  for (const args of [['--help'], ['check', '--help'], ['--version']]) {
    const { exit, stdout, stderr } = await runProgram(args);
    expect([exit, stderr, stdout.length > 0]).toEqual([0, '', true]);
  }
});
