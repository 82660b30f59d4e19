import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { VERSION } from '#core/host/version.ts';
import { FINDING_IDS } from '../../agent/doctor/finding.ts';
import { collectIdentity } from '../../agent/identity.ts';
import { asNobody } from '../support/as-nobody.ts';
import { englishIn } from '../support/chinese.ts';
import { requireDebianProgram } from '../support/debian.ts';
import { type Files, fakeMachine, mounts } from '../support/fake-machine.ts';
import { SYSTEMS, type SystemName } from '../support/fake-systems.ts';
import { NOW, World } from '../support/world.ts';
import { Findings, healthy, idle, licensed, outputOf, realTime, serve } from './doctor-support.ts';
import { startAgent, until } from './running-agent.ts';
import { AgentFolder, DAY, runProgram } from './support.ts';

/** Each file of a folder by its content and rights, without what SQLite keeps beside a store for its readers. */
function contentsOf(folder: string): object {
  const names = readdirSync(folder).filter((name) => !/-(shm|wal)$/.test(name));
  return Object.fromEntries(
    names.toSorted().map((name) => {
      const file = join(folder, name);
      const { mode, uid, mtimeMs } = statSync(file);
      const content = statSync(file).isFile()
        ? createHash('sha256').update(readFileSync(file)).digest('hex')
        : '';
      return [name, { mode, uid, mtimeMs, content }];
    }),
  );
}

describe('a device that is well', () => {
  test('has nothing wrong, and each thing is looked at', async () => {
    const { folder } = await licensed();
    folder.enroll(
      await serve((_request, response) =>
        response.setHeader('date', new Date(NOW * 1000).toUTCString()).end('{"status":"ok"}'),
      ),
    );
    const findings = await Findings.of(folder);
    expect(findings.faults).toEqual([]);
    for (const id of FINDING_IDS) {
      const looked = findings.outcomes(id);
      expect([id, looked.length > 0 || id === 'tls']).toEqual([id, true]);
      // Where the tests run, the disk may be one of a container.
      if (id !== 'disk') expect([id, looked.every((outcome) => outcome === 'ok')]).toEqual([id, true]);
    }
    expect(findings.said('daemon')).toContain(`version ${VERSION}`);
    expect(findings.said('token')).toMatch(/active, usable offline until .* \(104 days\)/);
    expect(findings.said('permissions')).toMatch(/applications of group \S+ may ask/);
  });

  test('whose roots file is damaged tells so once, and sends nobody who is root to root', async () => {
    const folder = await idle();
    writeFileSync(join(folder.path, 'roots.json'), '{');
    const findings = await Findings.of(folder, { now: realTime() });
    expect(findings.faults).toContain('enrollment');
    for (const id of ['certificate', 'server'] as const) {
      expect([id, findings.outcomes(id)]).toEqual([id, ['skipped']]);
      expect(findings.said(id)).toContain('another finding says why');
    }
  });

  test('with its daemon stopped is examined as well, and nothing that the agent keeps is changed', async () => {
    const folder = await idle();
    const before = contentsOf(folder.state);
    const findings = await Findings.of(folder, { now: realTime() });
    expect(findings.faults).toEqual(['daemon']);
    expect(findings.said('daemon')).toContain('license-agent run');
    expect(findings.outcomes('token')).toEqual(['ok']);
    expect(contentsOf(folder.state)).toEqual(before);
    expect(readdirSync(folder.path)).not.toContain('agent.sock');
  });

  test('says of its store what it holds', async () => {
    const folder = await idle({ work: ({ request }) => request('refresh', 'file') });
    const detail = (await Findings.of(folder)).detail('store');
    expect(detail).toMatchObject({
      schemaVersion: expect.any(Number),
      rows: { license: 1, pending_request: 1 },
      pending: [{ purpose: 'refresh', channel: 'file', madeAt: expect.any(Number) }],
    });
    expect(detail['schemaVersion']).toBe(detail['knownSchemaVersion']);
    expect(JSON.stringify(detail)).not.toContain('eyJ');
  });
});

describe('the clock', () => {
  const said = async (now: number, root?: string) => {
    const folder = await idle();
    const findings = await Findings.of(folder, { now, ...(root && { root }) });
    return [...findings.outcomes('clock'), findings.said('clock')].join(' ');
  };

  test('at 1970 is told, and that the license goes on', async () => {
    expect(await said(100)).toMatch(
      /^warning it says 1970-01-01T00:01:40Z, .* → .*The license goes by signed time/,
    );
  });

  test('behind what the server signed is told', async () => {
    const folder = await idle();
    folder.enroll('https://no-such-host.invalid');
    const findings = await Findings.of(folder, { now: realTime() - DAY });
    expect(findings.said('clock')).toMatch(/earlier than what the server signed at 20/);
  });

  test('that jumped ahead is told while it is not believed', async () => {
    const { clock, folder, server } = await licensed();
    server.misbehave = () => 'close';
    clock.wall += 200 * DAY;
    const findings = await Findings.of(folder, { now: clock.wall });
    expect(findings.outcomes('clock')).toEqual(['warning']);
    expect(findings.detail('clock')['isConfirmed']).toBe(false);
  });

  test('is told to be set by systemd-timesyncd where that can be known, and where it has no battery', async () => {
    const root = (files: Files) => fakeMachine(files);
    const synced = { 'run/systemd/timesync/synchronized': '', 'sys/class/rtc/rtc0/name': 'rtc' };
    expect(await said(realTime(), root(synced))).toMatch(/, set by systemd-timesyncd/);
    expect(await said(realTime(), root({ 'run/systemd/timesync/x': '' }))).toMatch(
      /, not set by systemd-timesyncd since the start/,
    );
    expect(await said(100, root({}))).toContain('no clock that goes on without power');
    expect(await said(100, root(synced))).toContain('the battery of its chip');
  });

  test('of the program as people run it, with the machine at 1970', async () => {
    requireDebianProgram('faketime');
    const folder = await idle();
    const command = ['1970-01-02 00:00:00', process.execPath, 'agent/main.ts', 'doctor', '--json'];
    const said = await outputOf('faketime', [...command, '--config', folder.configFile], {
      TZ: 'UTC',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    });
    const { findings, healthy: isSound } = JSON.parse(said);
    const clock = findings.find(({ id }: { id: string }) => id === 'clock');
    expect([clock.outcome, isSound]).toEqual(['warning', false]);
    expect(clock.what).toMatch(/1970-01-02T00:00:0\dZ/);
    const token = findings.find(({ id }: { id: string }) => id === 'token');
    expect(token.outcome).toBe('ok');
  });
});

describe('the license', () => {
  test('whose token was altered is told, and where it was damaged', async () => {
    const folder = await idle();
    const whole = readFileSync(folder.store);
    const text = whole.toString('latin1').replace('"document":"eyJhbGciOi', '"document":"eyJhbGciOj');
    writeFileSync(folder.store, Buffer.from(text, 'latin1'));
    const altered = await Findings.of(folder);
    expect([altered.outcomes('store'), altered.outcomes('token')]).toEqual([['ok'], ['fault']]);
    expect(altered.said('certificate')).toContain('none is held yet');

    writeFileSync(folder.store, Buffer.from(whole).fill(0xa5, 4096));
    const damaged = await Findings.of(folder);
    expect([damaged.outcomes('store'), damaged.outcomes('token')]).toEqual([['fault'], ['fault']]);
  });

  test('without a license says so', async () => {
    const agent = await startAgent({ enrolled: false });
    const findings = await Findings.of(agent.folder);
    expect(findings.faults).toEqual(['enrollment']);
    expect(findings.said('enrollment')).toContain('license-agent enroll FILE');
    expect(findings.outcomes('token')).toEqual(['skipped']);
    expect(findings.outcomes('server')).toEqual(['skipped']);
  });

  test('that was not granted tells the enrollment that has ended', async () => {
    const folder = new AgentFolder(new World());
    folder.enroll(await serve(healthy));
    const findings = await Findings.of(folder, { now: NOW + 400 * DAY });
    expect(findings.said('enrollment')).toMatch(/ended on 2027-03-01.*license-server enrollment create/);
    expect(findings.outcomes('token')).toEqual(['fault']);
  });

  test('whose contact is long ago asks for one, and one that ends itself for a renewal', async () => {
    const { folder, clock, server, client } = await licensed();
    folder.enroll(await serve(healthy));
    server.misbehave = () => 'close';
    clock.pass(85 * DAY);
    const late = await Findings.of(folder, { now: clock.wall });
    expect(late.outcomes('token')).toEqual(['warning']);
    expect(late.said('token')).toMatch(/19 days\) → .*reach its license server/);
    clock.pass(10 * DAY);
    await until(client, 'grace');
    expect((await Findings.of(folder, { now: clock.wall })).said('token')).toMatch(/^grace/);
  });

  test('that itself ends soon is to be renewed', async () => {
    const { folder, clock, daemon } = await licensed();
    clock.pass(355 * DAY);
    await daemon.service.ask({ purpose: 'refresh' });
    expect((await Findings.of(folder, { now: clock.wall })).said('token')).toMatch(
      /\(10 days\) → The license itself ends then: renew it/,
    );
  });

  test('of a gateway that needs none for itself is none', async () => {
    const agent = await startAgent({ toml: 'ownLicense = false' });
    const findings = await Findings.of(agent.folder);
    expect(findings.said('token')).toContain('needs none for itself; it holds 0 for others');
    expect(findings.outcomes('token')).toEqual(['ok']);
  });

  test.each([
    ['ends soon', 60, 'warning', 'may issue until'],
    ['has ended', -1, 'fault', 'ended on'],
  ])('names the certificate of the server that %s', async (_, days, outcome, words) => {
    const world = new World();
    const certificate = await world.certificate({ nbf: 0, exp: realTime() + days * DAY });
    const folder = await idle({
      world,
      work: async ({ request, accept, clock }) => {
        // Signed while the certificate was valid, and fetched since.
        clock.wall -= 2 * DAY;
        const { jti } = await request('refresh');
        const answer = await world.tokenAnswer(
          { nonce: jti, iat: clock.wall },
          { issuerCertificate: certificate },
        );
        await accept(answer, { channel: 'online', jti });
      },
    });
    const findings = await Findings.of(folder, { now: realTime() });
    expect(findings.outcomes('certificate')).toEqual([outcome]);
    expect(findings.said('certificate')).toContain(words);
    expect(findings.said('certificate')).toContain('license-server import');
  });

  test('names how the last contact ended', async () => {
    const { folder, server, daemon } = await licensed();
    server.misbehave = () => ({ status: 503, body: '' });
    await daemon.service.ask({ purpose: 'refresh' }).catch(() => {});
    const findings = await Findings.of(folder);
    expect(findings.outcomes('refresh')).toEqual(['warning']);
    expect(findings.said('refresh')).toMatch(/^the last one, .*, ended so: /);
  });
});

describe('who the device is', () => {
  const on = async (name: SystemName) => {
    const folder = await idle();
    const toml = readFileSync(folder.configFile, 'utf8').replace('"literal"', '"hardware"');
    writeFileSync(folder.configFile, toml);
    writeFileSync(join(folder.state, 'license-key'), 'SN-0001\nmachine\n', { mode: 0o600 });
    folder.write('identity.json', await collectIdentity(fakeMachine(SYSTEMS[name])));
    return Findings.of(folder);
  };

  test('is told with what will surprise', async () => {
    const findings = await on('a Docker container');
    expect(findings.get('identity').map(({ detail }) => detail['warning'])).toEqual([
      'license_key_unstable',
      'fingerprint_weak',
      undefined,
    ]);
  });

  test('is told where the board is another than the LicenseKey came from', async () => {
    expect((await on('a Hyper-V guest')).said('identity')).toMatch(
      /LicenseKey is SN-0001, and this machine .* now gives 1234-5678-.* → Where the stateDir came from another device/,
    );
  });

  test('is a finding where the identity file is damaged, and the rest is looked at', async () => {
    const folder = await idle();
    writeFileSync(join(folder.path, 'identity.json'), '{');
    const findings = await Findings.of(folder);
    expect(findings.outcomes('identity')).toEqual(['fault']);
    expect(findings.said('identity')).toContain('license-agent identity --collect');
    expect(findings.outcomes('server')).toEqual(['ok']);
  });
});

describe('permissions', () => {
  test('of secrets that others may read, and of roots that others may write, are told with the command', async () => {
    const { folder } = await licensed();
    chmodSync(join(folder.state, 'device-key.pem'), 0o644);
    chmodSync(folder.state, 0o755);
    chmodSync(join(folder.path, 'roots.json'), 0o666);
    chmodSync(folder.configFile, 0o646);
    const said = (await Findings.of(folder)).said('permissions');
    expect(said).toMatch(/chmod 0600 .*device-key\.pem/);
    expect(said).toMatch(/chmod 0700 .*state\n/);
    expect(said).toMatch(/chmod 0664 .*roots\.json/);
    expect(said).toMatch(/chmod 0644 .*agent\.toml/);
  });

  test('of a folder in which anybody may put other roots are told, unless it is one like /tmp', async () => {
    const { folder } = await licensed();
    chmodSync(folder.path, 0o777);
    expect((await Findings.of(folder)).said('permissions')).toMatch(/chmod 0775 /);
    chmodSync(folder.path, 0o1777);
    expect((await Findings.of(folder)).faults).not.toContain('permissions');
  });

  test('of a file that does not belong to the daemon are told with the command', async () => {
    const folder = await idle();
    chownSync(folder.state, 65_534, 65_534);
    for (const name of ['device-key.pem', 'license-key', 'enrollment.json', 'agent.db'])
      chownSync(join(folder.state, name), 65_534, 65_534);
    expect((await Findings.of(folder)).outcomes('permissions')).toEqual(['ok']);
    chownSync(join(folder.state, 'license-key'), 0, 0);
    expect((await Findings.of(folder)).said('permissions')).toMatch(
      /belongs to user 0, .* → chown 65534 .*license-key/,
    );
  });

  test('of sockets are told', async () => {
    const { folder, daemon } = await licensed();
    chmodSync(daemon.sockets.admin, 0o666);
    expect((await Findings.of(folder)).said('permissions')).toMatch(/chmod 0600 .*admin\.sock/);
  });
});

describe('the disk', () => {
  const mount = (folder: string, options: string) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  };
  const device = () => {
    const folder = new AgentFolder(new World());
    mkdirSync(folder.state, { mode: 0o700 });
    return folder;
  };

  test('that is full is told', async () => {
    const folder = device();
    mount(folder.state, 'size=64k');
    writeFileSync(join(folder.state, 'filler'), Buffer.alloc(64 * 1024));
    const findings = await Findings.of(folder);
    expect(findings.outcomes('disk')[0]).toBe('fault');
    expect(findings.said('disk')).toMatch(/state: 0 MiB free → Make room/);
  });

  test('that takes no further file is told', async () => {
    const folder = device();
    mount(folder.state, 'size=64m,nr_inodes=3');
    for (const name of ['a', 'b']) writeFileSync(join(folder.state, name), '');
    expect((await Findings.of(folder)).said('disk')).toContain('no more files can be made (inodes)');
  });

  test('that is read-only is told', async () => {
    const folder = device();
    mount(folder.state, 'size=64m,ro');
    expect((await Findings.of(folder)).said('disk')).toMatch(/state: the disk is read-only → .*dmesg/);
  });

  test('that is gone at the next start is told', async () => {
    const folder = device();
    mount(folder.state, 'size=64m');
    expect((await Findings.of(folder)).said('disk')).toMatch(
      /it is in memory: .* → Put the stateDir on a disk/,
    );
  });

  test('of a container that is no volume is told', async () => {
    const folder = await idle();
    folder.write('identity.json', await collectIdentity(fakeMachine(SYSTEMS['a Docker container'])));
    const root = fakeMachine({ ...mounts('0:50 / overlay') });
    expect((await Findings.of(folder, { root })).said('disk')).toMatch(
      /as long as this container.* → .*volume/,
    );
    const volume = fakeMachine({ ...mounts('0:50 / overlay', `8:1 ${folder.state} ext4`) });
    expect((await Findings.of(folder, { root: volume })).outcomes('disk')).toEqual(['ok', 'ok']);
  });

  test('that took no writes at the start leaves the daemon on a copy, which is told', async () => {
    const folder = await idle();
    writeFileSync(join(folder.path, 'agent.db.copy'), '');
    expect((await Findings.of(folder)).said('store')).toMatch(/goes on with a copy/);
  });

  test('on which a store was damaged before is told', async () => {
    const folder = await idle();
    writeFileSync(`${folder.store}.damaged-1772323200`, '');
    const findings = await Findings.of(folder);
    expect(findings.outcomes('store')).toEqual(['warning']);
    expect(findings.said('store')).toMatch(/moved aside: agent\.db\.damaged-1772323200 → .*replace the disk/);
  });
});

describe('the program', () => {
  test('tells people a screen with what to do, in both languages, and ends with 1', async () => {
    const folder = await idle();
    const english = await runProgram(['doctor', '--config', folder.configFile]);
    expect(english.exit).toBe(1);
    expect(english.stdout).toMatch(/✓ +Store[\s\S]*What to do:\nDaemon: Start it/);
    const chinese = await runProgram(['doctor', '--config', folder.configFile], { LC_ALL: 'zh_CN.UTF-8' });
    expect(chinese.stdout).toMatch(/✗ +守护进程/);
    expect(chinese.stdout).toContain('处理建议：\n守护进程：请启动');
    expect(chinese.stdout.split('\n').flatMap(englishIn)).toEqual([]);
  });

  test('tells programs the same, and ends with 0 where nothing is wrong', async () => {
    const { folder } = await licensed();
    folder.enroll(await serve(healthy));
    const { exit, json } = await runProgram(['doctor', '--json', '--config', folder.configFile]);
    expect([exit, json['healthy']]).toEqual([0, true]);
    const findings = json['findings'] as Record<string, unknown>[];
    for (const found of findings)
      expect(found).toMatchObject({ id: expect.any(String), what: expect.any(String), detail: {} });
    const order = findings.map(({ id }) => (FINDING_IDS as readonly unknown[]).indexOf(id));
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  });

  test('colours its signs on a terminal, and nowhere else', async () => {
    requireDebianProgram('script', 'bsdutils');
    const folder = await idle();
    // As a person sees it: what runs the tests may have said that nobody looks.
    const command = `env -u CI -u NO_COLOR -u FORCE_COLOR ${process.execPath} agent/main.ts doctor --config ${folder.configFile}`;
    const shown = await outputOf('script', ['-q', '-c', command, '/dev/null'], {
      TERM: 'xterm',
      LANG: 'C.UTF-8',
    });
    expect(shown).toContain('\u001b[31m✗');
    expect((await runProgram(['doctor', '--config', folder.configFile])).stdout).not.toContain('\u001b[');
  });

  test('tells a configuration that cannot be used as a finding', async () => {
    const folder = new AgentFolder(new World());
    writeFileSync(folder.configFile, 'unknownKey = 1');
    const { exit, json } = await runProgram(['doctor', '--json', '--config', folder.configFile]);
    const findings = json['findings'] as { id: string; outcome: string; detail: object }[];
    expect(exit).toBe(1);
    expect(findings[0]).toMatchObject({
      id: 'configuration',
      outcome: 'fault',
      detail: { error: 'config_unknown_key' },
    });
    expect(findings.map(({ id }) => id)).toEqual([...FINDING_IDS]);
  });
});

describe('a user who may read little', () => {
  const foundByNobody = async (folder: AgentFolder) => {
    const program = [process.execPath, 'agent/main.ts', 'doctor', '--json', '--config', folder.configFile];
    const said = await outputOf(...asNobody(program));
    return new Findings(JSON.parse(said).findings);
  };

  test('is told nothing false: what may not be looked at is skipped, with the daemon up', async () => {
    const { folder } = await licensed();
    const findings = await foundByNobody(folder);
    for (const id of ['daemon', 'store', 'enrollment', 'token', 'certificate', 'server'] as const)
      expect([id, findings.outcomes(id)]).toEqual([id, ['skipped']]);
    expect(findings.faults).toEqual([]);
    expect(findings.get('permissions').map(({ outcome }) => outcome)).toEqual(['skipped']);
  });

  test('and down', async () => {
    const folder = await idle();
    const findings = await foundByNobody(folder);
    expect(findings.faults).toEqual(['daemon']);
    expect(findings.outcomes('store')).toEqual(['skipped']);
  });

  test('who is in the group of the socket learns of the license from the daemon', async () => {
    const { folder, daemon } = await licensed();
    chownSync(daemon.sockets.agent, 0, 65_534);
    const findings = await foundByNobody(folder);
    expect(findings.outcomes('daemon')).toEqual(['ok']);
    expect(findings.outcomes('token')).toEqual(['ok']);
    expect(findings.outcomes('dns')).toEqual(['ok']);
    expect(findings.outcomes('enrollment')).toEqual(['skipped']);
  });
});
